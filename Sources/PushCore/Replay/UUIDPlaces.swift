import struct Foundation.UUID

/// Finds the place of an id in a list: open addressing over 4 bytes an entry, for millions of ids
/// whose bytes are spread evenly already, as those of version 5 are.
struct UUIDPlaces: Sendable {
  private static let smallest = 1_024

  /// Place plus one; 0 is free. A power of two long.
  private var slots: [Int32] = Array(repeating: 0, count: smallest)

  /// - Parameter ids: The list that the places are in.
  func place(of id: UUID, in ids: [UUID]) -> Int? {
    var slot = start(id)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if ids[place] == id { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Takes in the last of `ids`, which must not be there yet.
  mutating func addLast(of ids: [UUID]) {
    if ids.count * 10 > slots.count * 7 { grow(ids) } else { put(ids.count - 1, ids) }
  }

  private mutating func grow(_ ids: [UUID]) {
    slots = Array(repeating: 0, count: slots.count * 2)
    for place in ids.indices { put(place, ids) }
  }

  private mutating func put(_ place: Int, _ ids: [UUID]) {
    var slot = start(ids[place])
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(place + 1)
  }

  private func start(_ id: UUID) -> Int {
    let first = withUnsafeBytes(of: id.uuid) { $0.loadUnaligned(as: UInt64.self) }
    return Int(truncatingIfNeeded: first) & (slots.count - 1)
  }
}

/// Values that come again and again, each kept once and named by a number.
struct Interned<Value: Hashable & Sendable>: Sendable {
  private(set) var values: [Value] = []
  private var places: [Value: Int32] = [:]

  mutating func number(_ value: Value) -> Int32 {
    if let known = places[value] { return known }
    let number = Int32(values.count)
    values.append(value)
    places[value] = number
    return number
  }

  func number(known value: Value) -> Int32? { places[value] }

  subscript(number: Int32) -> Value { values[Int(number)] }
}

/// Texts that are told apart byte for byte.
struct Word: ByteWiseText {
  let rawValue: String
}
