import Crypto
public import PushCore

import struct Foundation.Data

/// A key under which secrets are sealed. It shows itself in no log, error or debugger dump.
struct MasterKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  static let bytes = 32
  /// Bytes of its SHA-256 that name it.
  static let idBytes = 8

  /// Names the key without giving it away: 16 hexadecimal digits.
  let id: String
  let symmetric: SymmetricKey

  /// - Parameter bytes: ``bytes`` of them.
  init(_ bytes: [UInt8]) {
    id = Hex.encode(SHA256.hash(data: bytes).prefix(Self.idBytes))
    symmetric = SymmetricKey(data: bytes)
  }

  var description: String { "master key \(id)" }
  var debugDescription: String { description }
  var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// The keys under which the secrets of credentials are sealed in the database: a current one that
/// seals, and older ones that still open. They stand in the settings of a process, never in the
/// database.
public struct MasterKeys: Sendable, CustomStringConvertible, CustomReflectable {
  /// Older keys at most.
  public static let olderKeys = 8
  /// A text's bytes at most, comments and all.
  public static let textBytes = 65_536
  private static let wayOut = "`pushledger credentials new-key` makes one."

  let current: MasterKey
  let older: [MasterKey]

  /// Which key seals: the first 16 hexadecimal digits of its SHA-256.
  public var currentID: String { current.id }

  /// Reads keys: 32 bytes in base64 each, standard or URL-safe, one a line or with commas between.
  /// The first is the current one. Empty lines, and those that begin with `#`, are skipped.
  ///
  /// - Throws: ``FieldError``, whose field is `key`, or `key[2]` for the second of several. It
  ///   never holds what the text held.
  public init(parsing text: String) throws(FieldError) {
    guard text.utf8.count <= Self.textBytes else {
      throw FieldError(.tooLong, "key", "has more than \(Self.textBytes) bytes. \(Self.wayOut)")
    }
    var keys: [MasterKey] = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard line.first(where: { !$0.isWhitespace }) != "#" else { continue }
      for part in line.split(separator: ",") {
        let written = part.filter { !$0.isWhitespace }
        guard !written.isEmpty else { continue }
        guard keys.count <= Self.olderKeys else {
          throw FieldError(
            .outOfRange, "key",
            "is more than a current one and \(Self.olderKeys) older ones; leave out those that "
              + "nothing is sealed under any more.")
        }
        keys.append(MasterKey(try Self.bytes(written, "key[\(keys.count + 1)]")))
      }
    }
    guard let first = keys.first else {
      throw FieldError(.missing, "key", "is missing: the text holds none. \(Self.wayOut)")
    }
    current = first
    older = Array(keys.dropFirst())
  }

  private init(current: MasterKey) {
    self.current = current
    older = []
  }

  /// One fresh key that is kept nowhere.
  public static func random() -> MasterKeys { MasterKeys(current: MasterKey(freshBytes())) }

  /// The text of a fresh key.
  public static func newKeyText() -> String { Data(freshBytes()).base64EncodedString() }

  func key(_ id: String) -> MasterKey? {
    current.id == id ? current : older.first { $0.id == id }
  }

  public var description: String { "master keys \(([current] + older).map(\.id))" }
  public var customMirror: Mirror {
    Mirror(self, children: ["ids": ([current] + older).map(\.id)])
  }

  private static func freshBytes() -> [UInt8] {
    SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
  }

  private static func bytes(_ text: String, _ field: String) throws(FieldError) -> [UInt8] {
    var digits = text.replacing("-", with: "+").replacing("_", with: "/")
    while digits.hasSuffix("=") { digits.removeLast() }
    let padding = String(repeating: "=", count: (4 - digits.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: digits + padding) else {
      throw FieldError(
        .badFormat, field, "is no base64; \(MasterKey.bytes) bytes in it are expected. \(wayOut)")
    }
    guard data.count == MasterKey.bytes else {
      throw FieldError(
        .outOfRange, field,
        "has \(data.count) bytes; \(MasterKey.bytes) in base64 are expected. \(wayOut)")
    }
    return Array(data)
  }
}
