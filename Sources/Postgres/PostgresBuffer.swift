/// Bytes in the server's binary form, growing at the end: integers in network order, lengths before
/// values.
public struct PostgresBuffer: Sendable {
  @usableFromInline var bytes: [UInt8] = []

  @inlinable public init() {}

  @inlinable public var count: Int { bytes.count }

  @inlinable public mutating func reserve(_ additional: Int) {
    let needed = bytes.count + additional
    if needed > bytes.capacity { bytes.reserveCapacity(max(needed, bytes.capacity * 2)) }
  }

  @inlinable public mutating func append(_ byte: UInt8) { bytes.append(byte) }

  @inlinable public mutating func append(contentsOf other: [UInt8]) {
    bytes.append(contentsOf: other)
  }

  @inlinable public mutating func append(contentsOf other: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: other)
  }

  @inlinable public mutating func append(utf8 text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  @inlinable public mutating func append<Number: FixedWidthInteger>(integer: Number) {
    withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends a value after its length, as a field of a row and an element of an array are written.
  @inlinable public mutating func append<Value: PostgresValue>(field value: Value) {
    let start = bytes.count
    append(integer: Int32(0))
    value.encode(into: &self)
    replace(at: start, with: Int32(truncatingIfNeeded: bytes.count - start - 4))
  }

  /// Appends a one-dimensional array of values.
  @inlinable public mutating func append<Value: PostgresValue>(array values: [Value]) {
    appendArrayHeader(of: Value.self, count: values.count, hasNull: false)
    for value in values { append(field: value) }
  }

  /// Appends a one-dimensional array in which nil is NULL.
  @inlinable public mutating func append<Value: PostgresValue>(array values: [Value?]) {
    let hasNull = values.contains { $0 == nil }
    appendArrayHeader(of: Value.self, count: values.count, hasNull: hasNull)
    for value in values {
      if let value { append(field: value) } else { append(integer: Int32(-1)) }
    }
  }

  @usableFromInline mutating func appendArrayHeader<Value: PostgresValue>(
    of type: Value.Type, count: Int, hasNull: Bool
  ) {
    append(integer: Int32(count == 0 ? 0 : 1))
    append(integer: Int32(hasNull ? 1 : 0))
    append(integer: type.postgresType.oid)
    guard count > 0 else { return }
    append(integer: Int32(truncatingIfNeeded: count))
    append(integer: Int32(1))
  }

  @usableFromInline mutating func replace(at index: Int, with value: Int32) {
    withUnsafeBytes(of: value.bigEndian) { source in
      bytes.withUnsafeMutableBytes { target in
        target[index..<(index + 4)].copyBytes(from: source)
      }
    }
  }
}

/// Reads the binary form back. Every read says nil past the end, so a malformed value is an error of
/// its column and not of the process.
struct PostgresReader {
  private var rest: Slice<UnsafeRawBufferPointer>

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

  mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
    let size = MemoryLayout<Number>.size
    guard rest.count >= size else { return nil }
    let value = UnsafeRawBufferPointer(rebasing: rest.prefix(size)).loadUnaligned(as: Number.self)
    rest = rest.dropFirst(size)
    return Number(bigEndian: value)
  }

  mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, rest.count >= count else { return nil }
    let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    rest = rest.dropFirst(count)
    return taken
  }
}
