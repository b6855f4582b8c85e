/// A `bytea`.
public struct PostgresBytes: PostgresValue, Hashable {
  public var bytes: [UInt8]

  @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public static var postgresType: PostgresType { .bytea }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(contentsOf: bytes)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> PostgresBytes? {
    type == PostgresType.bytea.oid ? PostgresBytes([UInt8](bytes)) : nil
  }
}

/// The text of a `json` value, in UTF-8. Read from `json` and from `jsonb`.
public struct PostgresJSON: PostgresValue, Hashable {
  public var bytes: [UInt8]

  @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public static var postgresType: PostgresType { .json }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(contentsOf: bytes)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> PostgresJSON? {
    jsonText(bytes, type: type).map { PostgresJSON($0) }
  }
}

/// The text of a `jsonb` value, in UTF-8. Read from `json` and from `jsonb`.
public struct PostgresJSONB: PostgresValue, Hashable {
  /// The first byte of the binary form, before the text.
  @usableFromInline static let version: UInt8 = 1

  public var bytes: [UInt8]

  @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public static var postgresType: PostgresType { .jsonb }

  @inlinable public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(Self.version)
    buffer.append(contentsOf: bytes)
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> PostgresJSONB? {
    jsonText(bytes, type: type).map { PostgresJSONB($0) }
  }
}

/// A `timestamptz`: microseconds since 1970-01-01 00:00 UTC. `Int64.max` is `infinity` and
/// `Int64.min` is `-infinity`; what lies outside the server's range is refused by it (22008).
public struct PostgresTimestamp: PostgresValue, Hashable, Comparable {
  /// 2000-01-01, from which the server counts.
  private static let serverEpochMicroseconds: Int64 = 946_684_800_000_000

  public var microseconds: Int64

  @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

  public static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  public static var postgresType: PostgresType { .timestamptz }

  public func encode(into buffer: inout PostgresBuffer) {
    buffer.append(integer: serverMicroseconds)
  }

  private var serverMicroseconds: Int64 {
    if microseconds == .max || microseconds == .min { return microseconds }
    let (value, overflow) = microseconds.subtractingReportingOverflow(Self.serverEpochMicroseconds)
    return overflow ? .min + 1 : value
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> PostgresTimestamp? {
    var reader = PostgresReader(bytes)
    guard type == PostgresType.timestamptz.oid, let value = reader.integer(Int64.self) else {
      return nil
    }
    if value == .max || value == .min { return PostgresTimestamp(microseconds: value) }
    let (shifted, overflow) = value.addingReportingOverflow(serverEpochMicroseconds)
    return overflow ? nil : PostgresTimestamp(microseconds: shifted)
  }
}

private func jsonText(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> [UInt8]? {
  if type == PostgresType.json.oid { return [UInt8](bytes) }
  guard type == PostgresType.jsonb.oid, bytes.first == PostgresJSONB.version else { return nil }
  return [UInt8](bytes.dropFirst())
}
