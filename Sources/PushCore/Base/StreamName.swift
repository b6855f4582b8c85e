public import struct Foundation.UUID

/// Whose history an event belongs to: `message/<id>`, `device/<user>/<device>`, `user/<user>`,
/// `group/<group>`, `broadcast/<id>`, `projection/<name>`, `erasure/<id>` or `app/attributes`, at
/// most ``Limits/streamBytes`` bytes; `/` and `%` within an id are percent-encoded.
public struct StreamName: ByteWiseText {
  public let rawValue: String

  public init(unchecked rawValue: String) { self.rawValue = rawValue }

  /// - Throws: ``FieldError`` where the text can be no stream's name.
  public init(validating text: String, field: String) throws(FieldError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let counts = [
      "message": 2, "device": 3, "user": 2, "group": 2, "broadcast": 2, "app": 2, "projection": 2,
      "erasure": 2,
    ]
    guard text.utf8.count <= Limits.streamBytes, counts[String(parts[0])] == parts.count,
      parts.allSatisfy({ !$0.isEmpty })
    else {
      throw FieldError(
        .badFormat, field,
        "is no stream's name; write it like message/42, user/ann, device/ann/phone or group/g, "
          + "with / and % inside an id percent-encoded, in at most \(Limits.streamBytes) bytes.")
    }
    for part in parts { try UserID.check(Self.decode(String(part)), field: field) }
    self.init(unchecked: text)
  }

  public static func message(_ id: MessageID) -> StreamName {
    StreamName(unchecked: "message/" + encode(id.rawValue))
  }

  /// The message whose history it is; nil where it is another's.
  public var message: MessageID? {
    let parts = rawValue.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "message" else { return nil }
    return MessageID(unchecked: Self.decode(String(parts[1])))
  }

  public static func device(_ user: UserID, _ device: DeviceID) -> StreamName {
    StreamName(unchecked: "device/" + encode(user.rawValue) + "/" + encode(device.rawValue))
  }

  /// The range of the streams of all of a user's devices: from the first, up to and without the end.
  public static func deviceRange(of user: UserID) -> (first: String, end: String) {
    let name = "device/" + encode(user.rawValue)
    return (name + "/", name + "0")
  }

  public static func user(_ id: UserID) -> StreamName {
    StreamName(unchecked: "user/" + encode(id.rawValue))
  }

  public static func group(_ id: GroupID) -> StreamName {
    StreamName(unchecked: "group/" + encode(id.rawValue))
  }

  public static func broadcast(_ id: BroadcastID) -> StreamName {
    StreamName(unchecked: "broadcast/" + encode(id.rawValue))
  }

  public static func projection(_ name: String) -> StreamName {
    StreamName(unchecked: "projection/" + encode(name))
  }

  public static func erasure(_ id: UUID) -> StreamName {
    StreamName(unchecked: "erasure/" + id.uuidString.lowercased())
  }

  /// What the app's attributes are called.
  public static let attributes = StreamName(unchecked: "app/attributes")

  static func encode(_ id: String) -> String {
    guard id.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else {
      return id
    }
    var encoded = ""
    for scalar in id.unicodeScalars {
      switch scalar {
      case "/": encoded += "%2F"
      case "%": encoded += "%25"
      default: encoded.unicodeScalars.append(scalar)
      }
    }
    return encoded
  }

  public static func decode(_ id: String) -> String {
    guard id.utf8.contains(UInt8(ascii: "%")) else { return id }
    return id.replacing("%2F", with: "/").replacing("%25", with: "%")
  }
}
