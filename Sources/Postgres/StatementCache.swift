/// The statements prepared on one connection, by text and types; the least recently used one goes
/// when the cache is full.
struct StatementCache {
  struct Key: Hashable {
    var sql: String
    var types: [UInt32]
  }

  private struct Entry {
    var name: String
    var lastUse: UInt64
  }

  let capacity: Int
  private var entries: [Key: Entry] = [:]
  private var uses: UInt64 = 0
  private var names: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { entries.count }

  mutating func name(for key: Key) -> String? {
    guard let index = entries.index(forKey: key) else { return nil }
    uses += 1
    entries.values[index].lastUse = uses
    return entries.values[index].name
  }

  /// A name that no statement of this connection ever had.
  mutating func freshName() -> String {
    names += 1
    return "s\(names)"
  }

  /// - Returns: The name of the statement that had to go.
  mutating func insert(_ key: Key, name: String) -> String? {
    uses += 1
    var evicted = entries.removeValue(forKey: key)?.name
    if entries.count >= capacity,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      evicted = oldest.value.name
      entries[oldest.key] = nil
    }
    entries[key] = Entry(name: name, lastUse: uses)
    return evicted
  }

  mutating func remove(_ key: Key) -> String? { entries.removeValue(forKey: key)?.name }
}
