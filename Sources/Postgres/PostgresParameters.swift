/// The parameters of one statement, `$1` first, in one buffer and in binary form: they never become
/// part of the SQL text.
public struct PostgresParameters: Sendable, ExpressibleByArrayLiteral {
  /// The protocol counts parameters in 16 bits.
  static let maximumCount = 65_535
  /// All values together, in bytes; the server takes no message of 1 GiB.
  static let maximumBytes = 512 * 1024 * 1024

  @usableFromInline var buffer = PostgresBuffer()
  @usableFromInline var types: [UInt32] = []
  @usableFromInline var starts: [Int] = []
  /// In bytes; -1 is NULL.
  @usableFromInline var lengths: [Int32] = []

  @inlinable public init() {}

  public init(arrayLiteral elements: any PostgresParameter...) {
    for element in elements { element.add(to: &self) }
  }

  public var count: Int { types.count }

  /// Adds a value; nil is NULL of that type.
  @inlinable public mutating func add<Value: PostgresValue>(_ value: Value?) {
    let start = buffer.count
    if let value {
      value.encode(into: &buffer)
      finish(type: Value.postgresType.oid, start: start, isNull: false)
    } else {
      finish(type: Value.postgresType.oid, start: start, isNull: true)
    }
  }

  /// Adds a one-dimensional array.
  @inlinable public mutating func add<Value: PostgresValue>(array: [Value]) {
    let start = buffer.count
    buffer.append(array: array)
    finish(type: Value.postgresType.arrayOID, start: start, isNull: false)
  }

  /// Adds a one-dimensional array in which nil is NULL.
  @inlinable public mutating func add<Value: PostgresValue>(array: [Value?]) {
    let start = buffer.count
    buffer.append(array: array)
    finish(type: Value.postgresType.arrayOID, start: start, isNull: false)
  }

  @usableFromInline mutating func finish(type: UInt32, start: Int, isNull: Bool) {
    types.append(type)
    starts.append(start)
    lengths.append(isNull ? -1 : Int32(truncatingIfNeeded: buffer.count - start))
  }

  /// What is too much for one statement.
  var excess: PostgresError? {
    if count > Self.maximumCount {
      return PostgresError(
        .misuse,
        message: "\(count) parameters, at most \(Self.maximumCount) are possible: use arrays.")
    }
    if buffer.count > Self.maximumBytes {
      return PostgresError(
        .misuse,
        message:
          "\(buffer.count) bytes of parameters, at most \(Self.maximumBytes): use smaller batches.")
    }
    return nil
  }
}

/// One statement of a pipeline.
public struct PostgresCall: Sendable {
  public var sql: String
  public var parameters: PostgresParameters

  public init(_ sql: String, _ parameters: PostgresParameters = []) {
    self.sql = sql
    self.parameters = parameters
  }
}
