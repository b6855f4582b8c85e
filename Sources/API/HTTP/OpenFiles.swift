import Foundation

/// How many files, and so connections, the process may open.
enum OpenFiles {
  /// Those that are no client's: of databases, providers and logs.
  static let reserve = 256

  /// Raises the limit as far as the process itself may.
  ///
  /// - Returns: The limit then. Source: getrlimit(2).
  static func raise() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return APILimits.connections }
    if limit.rlim_cur < limit.rlim_max {
      let old = limit.rlim_cur
      limit.rlim_cur = limit.rlim_max
      if setrlimit(resource, &limit) != 0 { limit.rlim_cur = old }
    }
    return Int(clamping: limit.rlim_cur)
  }
}
