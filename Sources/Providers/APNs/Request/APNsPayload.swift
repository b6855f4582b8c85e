internal import PushCore

/// The JSON that an iPhone gets (`docs/decisions.md`, section 3, rules 5 to 11).
///
/// ```
/// {"aps":{"alert":"line" | {"title":…,"subtitle":…,"body":…},"sound":…,"badge":…,
///  "mutable-content":1,"interruption-level":…,"thread-id":…},
///  "ext":…,"image":…,"delivery_id":…}
/// ```
enum APNsPayload {
  /// Apple's limit for everything but VoIP, in bytes of UTF-8.
  static let limitBytes = 4_096
  static let ellipsis = "…"

  /// The payload, its body cut where it would be too long.
  ///
  /// A body is cut between two characters as a reader sees them (grapheme clusters) and then ends
  /// in `…`: the most of it that fits.
  /// - Returns: Nil where even an empty body leaves too much.
  static func make(
    _ notification: Notification, deliveryID: String, limitBytes: Int = APNsPayload.limitBytes
  ) -> [UInt8]? {
    let whole = json(notification, text: notification.text, deliveryID: deliveryID).serialized()
    if whole.count <= limitBytes { return whole }
    let excess = whole.count - limitBytes
    let room = escapedBytes(notification.text) - excess - escapedBytes(ellipsis)
    guard room >= 0 else { return nil }
    let cut = String(prefix(of: notification.text, escapedBytes: room)) + ellipsis
    return json(notification, text: cut, deliveryID: deliveryID).serialized()
  }

  private static func json(
    _ notification: Notification, text: String, deliveryID: String
  ) -> JSON {
    var aps: [JSON.Member] = []
    aps.reserveCapacity(6)
    aps.append(JSON.Member("alert", alert(notification, text: text)))
    if let sound = notification.sound { aps.append(JSON.Member("sound", .string(sound))) }
    if let badge = notification.badge { aps.append(JSON.Member("badge", .integer(badge))) }
    if notification.mutableContent || notification.image != nil {
      aps.append(JSON.Member("mutable-content", 1))
    }
    if let level = notification.interruptionLevel {
      aps.append(JSON.Member("interruption-level", .string(level)))
    }
    if !notification.threadID.isEmpty {
      aps.append(JSON.Member("thread-id", .string(notification.threadID)))
    }
    var members = [JSON.Member("aps", .object(aps))]
    members.reserveCapacity(4)
    if let ext = notification.ext, !ext.isEmpty {
      members.append(JSON.Member("ext", .string(ext)))
    }
    if let image = notification.image { members.append(JSON.Member("image", .string(image))) }
    members.append(JSON.Member("delivery_id", .string(deliveryID)))
    return .object(members)
  }

  private static func alert(_ notification: Notification, text: String) -> JSON {
    guard notification.title != nil else { return .string(text) }
    return .object(present: [
      ("title", notification.title.map(JSON.string)),
      ("subtitle", notification.subtitle.map(JSON.string)),
      ("body", .string(text)),
    ])
  }

  /// The longest prefix of whole characters that takes at most `escapedBytes` in JSON.
  static func prefix(of text: String, escapedBytes limit: Int) -> Substring {
    var used = 0
    var end = text.startIndex
    while end < text.endIndex {
      let next = text.index(after: end)
      used += escapedBytes(text[end..<next])
      if used > limit { break }
      end = next
    }
    return text[..<end]
  }

  /// What a text takes between the quotes of a JSON string.
  static func escapedBytes(_ text: some StringProtocol) -> Int {
    var count = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: count += 2
      case 0..<0x20: count += 6
      default: count += 1
      }
    }
    return count
  }
}
