#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension Bool: PostgresValue {
  public static var postgresType: PostgresType { .bool }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(self ? UInt8(1) : UInt8(0))
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Bool? {
    guard type == PostgresType.bool.oid, bytes.count == 1 else { return nil }
    return bytes[0] != 0
  }
}

extension Int16: PostgresValue {
  public static var postgresType: PostgresType { .int2 }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: self)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Int16? {
    wholeNumber(bytes, type: type).flatMap { Int16(exactly: $0) }
  }
}

extension Int32: PostgresValue {
  public static var postgresType: PostgresType { .int4 }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: self)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Int32? {
    wholeNumber(bytes, type: type).flatMap { Int32(exactly: $0) }
  }
}

extension Int64: PostgresValue {
  public static var postgresType: PostgresType { .int8 }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: self)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Int64? {
    wholeNumber(bytes, type: type)
  }
}

/// Sent as `bigint`.
extension Int: PostgresValue {
  public static var postgresType: PostgresType { .int8 }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: Int64(self))
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Int? {
    wholeNumber(bytes, type: type).flatMap { Int(exactly: $0) }
  }
}

extension Double: PostgresValue {
  public static var postgresType: PostgresType { .float8 }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: bitPattern)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Double? {
    var reader = PostgresReader(bytes)
    switch (type, bytes.count) {
    case (PostgresType.float8.oid, 8):
      return reader.integer(UInt64.self).map { Double(bitPattern: $0) }
    case (TypeID.float4, 4):
      return reader.integer(UInt32.self).map { Double(Float(bitPattern: $0)) }
    default: return nil
    }
  }
}

extension String: PostgresValue {
  public static var postgresType: PostgresType { .text }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(utf8: self)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> String? {
    guard TypeID.textLike.contains(type) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension UUID: PostgresValue {
  public static var postgresType: PostgresType { .uuid }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    withUnsafeBytes(of: uuid) { buffer.append(contentsOf: $0) }
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> UUID? {
    guard type == PostgresType.uuid.oid, bytes.count == 16 else { return nil }
    return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
  }
}

/// Types that are read but never sent.
enum TypeID {
  static let float4: UInt32 = 700
  /// "char", name, text, json, unknown, bpchar, varchar: their binary form is their UTF-8 text.
  static let textLike: [UInt32] = [25, 1043, 19, 114, 18, 1042, 705]
  static let oid: UInt32 = 26
}

private func wholeNumber(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Int64? {
  var reader = PostgresReader(bytes)
  switch (type, bytes.count) {
  case (PostgresType.int8.oid, 8): return reader.integer(Int64.self)
  case (PostgresType.int4.oid, 4): return reader.integer(Int32.self).map { Int64($0) }
  case (PostgresType.int2.oid, 2): return reader.integer(Int16.self).map { Int64($0) }
  case (TypeID.oid, 4): return reader.integer(UInt32.self).map { Int64($0) }
  default: return nil
  }
}
