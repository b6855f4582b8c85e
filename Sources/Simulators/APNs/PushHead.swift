import NIOHPACK

/// The header fields of a push that matter, each at most once.
struct PushHead {
  var method = ""
  var path = ""
  var authorization: String?
  var topic: String?
  var pushType: String?
  var apnsID: String?
  var expiration: String?
  var priority: String?
  var collapseID: String?
  /// A field that may stand once stood twice.
  var hasRepeats = false

  /// RFC 9113, section 8: such a request gets RST_STREAM, no answer.
  struct Malformed: Error {}

  init(_ headers: HPACKHeaders) throws(Malformed) {
    var scheme: String?
    var authority: String?
    var host: String?
    var method: String?
    var path: String?
    var sawRegular = false
    for (name, value, _) in headers {
      if name.utf8.first == UInt8(ascii: ":") {
        guard !sawRegular else { throw Malformed() }
        switch name {
        case ":method": try Self.setPseudo(&method, value)
        case ":path": try Self.setPseudo(&path, value)
        case ":scheme": try Self.setPseudo(&scheme, value)
        case ":authority": try Self.setPseudo(&authority, value)
        default: throw Malformed()
        }
        continue
      }
      sawRegular = true
      switch name {
      case "authorization": set(\.authorization, value)
      case "apns-topic": set(\.topic, value)
      case "apns-push-type": set(\.pushType, value)
      case "apns-id": set(\.apnsID, value)
      case "apns-expiration": set(\.expiration, value)
      case "apns-priority": set(\.priority, value)
      case "apns-collapse-id": set(\.collapseID, value)
      case "host":
        hasRepeats = hasRepeats || host != nil
        host = value
      case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
        throw Malformed()
      default:
        guard !name.utf8.contains(where: { (0x41...0x5A).contains($0) }) else { throw Malformed() }
      }
    }
    guard let method, let path, !path.isEmpty, scheme != nil, authority ?? host != nil else {
      throw Malformed()
    }
    self.method = method
    self.path = path
  }

  private static func setPseudo(_ field: inout String?, _ value: String) throws(Malformed) {
    guard field == nil else { throw Malformed() }
    field = value
  }

  private mutating func set(_ field: WritableKeyPath<PushHead, String?>, _ value: String) {
    hasRepeats = hasRepeats || self[keyPath: field] != nil
    self[keyPath: field] = value
  }
}
