/// Whose history an event belongs to: `message/<id>`, `device/<user>/<device>`, `user/<user>` or
/// `group/<group>`, at most ``Limits/streamBytes`` bytes; `/` and `%` within an id are
/// percent-encoded.
public struct StreamName: ByteWiseText {
  public let rawValue: String

  public init(unchecked rawValue: String) { self.rawValue = rawValue }

  public static func message(_ id: MessageID) -> StreamName {
    StreamName(unchecked: "message/" + encode(id.rawValue))
  }

  public static func device(_ user: UserID, _ device: DeviceID) -> StreamName {
    StreamName(unchecked: "device/" + encode(user.rawValue) + "/" + encode(device.rawValue))
  }

  public static func user(_ id: UserID) -> StreamName {
    StreamName(unchecked: "user/" + encode(id.rawValue))
  }

  public static func group(_ id: GroupID) -> StreamName {
    StreamName(unchecked: "group/" + encode(id.rawValue))
  }

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

  static func decode(_ id: String) -> String {
    guard id.utf8.contains(UInt8(ascii: "%")) else { return id }
    return id.replacing("%2F", with: "/").replacing("%25", with: "%")
  }
}
