/// A type of the server, and the type of its arrays, by the ids that every server gives them.
public struct PostgresType: Sendable, Equatable {
  public let oid: UInt32
  public let arrayOID: UInt32

  @inlinable public init(oid: UInt32, arrayOID: UInt32) {
    self.oid = oid
    self.arrayOID = arrayOID
  }

  public static let bool = PostgresType(oid: 16, arrayOID: 1000)
  public static let bytea = PostgresType(oid: 17, arrayOID: 1001)
  public static let int8 = PostgresType(oid: 20, arrayOID: 1016)
  public static let int2 = PostgresType(oid: 21, arrayOID: 1005)
  public static let int4 = PostgresType(oid: 23, arrayOID: 1007)
  public static let text = PostgresType(oid: 25, arrayOID: 1009)
  public static let json = PostgresType(oid: 114, arrayOID: 199)
  public static let float8 = PostgresType(oid: 701, arrayOID: 1022)
  public static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
  public static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
  public static let jsonb = PostgresType(oid: 3802, arrayOID: 3807)
}

/// What may stand in a list of parameters: a value, an optional of one, or an array of them.
public protocol PostgresParameter: Sendable {
  func add(to parameters: inout PostgresParameters)
}

/// A value with a binary form: it is sent and read as that, never as SQL text.
public protocol PostgresValue: PostgresParameter {
  /// The type that a parameter is declared to be.
  static var postgresType: PostgresType { get }

  /// Appends the binary form, without a length.
  func encode(into buffer: inout PostgresBuffer)

  /// Reads the binary form.
  /// - Parameter type: The id of the column's type.
  /// - Returns: nil when `type` doesn't hold such a value or this one doesn't fit.
  static func decode(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> Self?
}

extension PostgresValue {
  public func add(to parameters: inout PostgresParameters) { parameters.add(self) }
}

extension Optional: PostgresParameter where Wrapped: PostgresValue {
  public func add(to parameters: inout PostgresParameters) { parameters.add(self) }
}

extension Array: PostgresParameter where Element: PostgresValue {
  public func add(to parameters: inout PostgresParameters) { parameters.add(array: self) }
}
