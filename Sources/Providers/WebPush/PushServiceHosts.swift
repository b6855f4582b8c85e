internal import PushCore

/// Which hosts endpoints may have, or are known by: names, or `*.` and the end of a name.
struct PushServiceHosts: Equatable, Sendable {
  /// Chrome and most browsers built like it, Firefox, Safari, Edge on Windows.
  static let known = PushServiceHosts(patterns: [
    "fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com",
    "*.push.apple.com", "*.notify.windows.com",
  ])
  private static let windows = PushServiceHosts(patterns: ["*.notify.windows.com"])
  private static let maxPatterns = 100

  private let patterns: [String]

  private init(patterns: [String]) { self.patterns = patterns }

  /// - Parameter list: Separated by commas.
  init(reading list: String) throws(FieldError) {
    patterns = list.split(separator: ",").map { $0.filter { $0 != " " }.lowercased() }
    guard !patterns.isEmpty, patterns.count <= Self.maxPatterns, patterns.allSatisfy(Self.isOne)
    else {
      throw FieldError(
        .badFormat, "settings.hosts",
        "is \(FieldError.quoted(list)), no list of hosts such as fcm.googleapis.com, "
          + "*.notify.windows.com.")
    }
  }

  func hold(_ host: String) -> Bool {
    patterns.contains { pattern in
      pattern.hasPrefix("*") ? host.hasSuffix(pattern.dropFirst()) : host == pattern
    }
  }

  /// Whether a host is Microsoft's, which wants a header of its own.
  static func areWindows(_ host: String) -> Bool { windows.hold(host) }

  private static func isOne(_ pattern: String) -> Bool {
    let name = pattern.hasPrefix("*.") ? pattern.dropFirst(2) : pattern[...]
    return !name.contains("*") && WebAddress("https://" + name)?.host == String(name)
  }
}
