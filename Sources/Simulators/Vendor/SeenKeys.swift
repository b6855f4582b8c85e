/// Keys that were seen before, so that the same is told again.
struct SeenKeys: Sendable {
  /// Beyond so many no further one is remembered.
  static let limit = 1_000_000

  private var keys: Set<String> = []

  func contains(_ key: String) -> Bool { keys.contains(key) }

  /// - Returns: False where it was there already.
  @discardableResult
  mutating func insert(_ key: String) -> Bool {
    if keys.contains(key) { return false }
    if keys.count < Self.limit { keys.insert(key) }
    return true
  }
}
