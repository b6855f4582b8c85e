public import PushCore

/// A request as a simulation sees it, whatever HTTP version it came by.
public struct SimulatedRequest: Sendable {
  public var method: String
  /// Without the query, percent-encoded as it was sent.
  public var path: String
  /// Decoded, in the order in which it was sent.
  public var query: [(name: String, value: String)]
  /// Names in lower case; HTTP/2's `:authority` stands here as `host`.
  public var headers: [(name: String, value: String)]
  /// At most 1,048,576 bytes.
  public var body: [UInt8]
  public var isHTTP2: Bool
  /// Which connection brought it, from 1.
  public var connection: Int

  init(
    method: String, target: String, headers: [(name: String, value: String)], body: [UInt8],
    isHTTP2: Bool, connection: Int
  ) {
    self.method = method
    if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
      path = String(target[..<mark])
      query = FormText.pairs(target[target.utf8.index(after: mark)...])
    } else {
      path = target
      query = []
    }
    self.headers = headers
    self.body = body
    self.isHTTP2 = isHTTP2
    self.connection = connection
  }

  /// The first header of this name, which is given in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The token of `authorization: Bearer <token>`.
  public var bearer: String? {
    guard let value = header("authorization"), value.utf8.count > 7,
      value.prefix(7).lowercased() == "bearer "
    else { return nil }
    return String(value.dropFirst(7))
  }

  /// The body as `application/x-www-form-urlencoded`, decoded; of equal names the last counts.
  public var form: [String: String] {
    Dictionary(
      FormText.pairs(String(decoding: body, as: UTF8.self)[...]).map { ($0.name, $0.value) },
      uniquingKeysWith: { $1 })
  }

  /// The body as JSON; nil where it is none.
  public var json: JSON? { try? JSON.parse(body) }
}

/// `application/x-www-form-urlencoded`.
enum FormText {
  static func pairs(_ text: Substring) -> [(name: String, value: String)] {
    text.split(separator: "&").map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decode(sides[0]), sides.count > 1 ? decode(sides[1]) : "")
    }
  }

  /// `%XX` is a byte and `+` a space; a `%` before anything else stands for itself.
  private static func decode(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = rest.first.flatMap({ HexDigits.value(of: $0) }),
        let low = rest.dropFirst().first.flatMap({ HexDigits.value(of: $0) })
      {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
