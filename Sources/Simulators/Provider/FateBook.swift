import Synchronization

/// What is to become of tokens, as tests and people wrote it down.
final class FateBook: Sendable {
  private struct Fate {
    var name: String
    /// So many pushes meet it; nil: all.
    var times: Int?
  }

  /// Holds for every token that has no fate of its own.
  static let everyToken = "*"
  static let maxTokens = 1_000_000

  private let fates = Mutex<[String: [Fate]]>([:])

  /// Adds a fate behind those that the token still has; one without an end gives way to it.
  /// - Returns: False where too many tokens have fates; nothing is changed then.
  func set(_ name: String, of token: String, times: Int?) -> Bool {
    guard times.map({ $0 > 0 }) ?? true else { return true }
    return fates.withLock { fates in
      guard fates[token] != nil || fates.count < Self.maxTokens else { return false }
      var script = fates[token] ?? []
      script.removeAll { $0.times == nil }
      script.append(Fate(name: name, times: times))
      fates[token] = script
      return true
    }
  }

  func clear() { fates.withLock { $0 = [:] } }

  /// The next fate of the token, which is thereby used once.
  func take(_ token: String) -> String? {
    fates.withLock { fates in
      if fates.isEmpty { return nil }
      return Self.take(token, &fates) ?? Self.take(Self.everyToken, &fates)
    }
  }

  private static func take(_ token: String, _ fates: inout [String: [Fate]]) -> String? {
    guard var script = fates[token], let fate = script.first else { return nil }
    guard let times = fate.times else { return fate.name }
    if times > 1 { script[0].times = times - 1 } else { script.removeFirst() }
    fates[token] = script.isEmpty ? nil : script
    return fate.name
  }
}
