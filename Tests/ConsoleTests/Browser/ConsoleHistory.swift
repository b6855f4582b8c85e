import Foundation
import PushCore

/// A day of a chat that ends now, in which there is something for every page of the console to show,
/// the worst of it written to mislead a browser.
///
///     mei    writes; an iPhone              kim    a browser, and a desktop that is logged out
///     tom    a Pixel, an iPad, both pushed  ana    no device
///     lena   a Huawei, quiet hours          crew   a group of 150, 40 with a phone
struct ConsoleHistory: Sendable {
  static let opened = "m-opened"
  static let suppressed = "m-quiet"
  static let refused = "m-refused"
  static let retried = "m-retried"
  static let recalled = "m-recalled"
  static let crowd = "m-crowd"
  static let waiting = "m-waiting"
  static let group = "crew"
  static let providerID = "E3A1F7B2-58C4-4D0E-9A6B-7C21D4E8F905"
  /// 128 bytes each, as long as an id may be.
  static let hostileUser = filled(#"<img src=x onerror=alert(1)>"'&amp;"# + "\u{202E}resu\u{2066}")
  static let hostileMessage = filled("</script><script>alert(2)</script>\u{1F469}\u{200D}\u{1F680}")
  static let hostileGroup = filled("{{csrf}}<b onmouseover=alert(3)>\u{202E}puorg")
  static let hostileGroupMessage = "m-hostile-group"
  /// A position in the day, when some of it has happened.
  static let then = 300
  private static let hostileDevice = String(repeating: "W", count: 100)
  private static let hostileText =
    "<h1>Loud</h1>\n\nSecond line\r\n\u{202E}desrever\u{202C} \u{1F468}\u{200D}\u{1F469}\u{200D}"
    + "\u{1F467} &lt;b&gt; {{ csrf }} " + String(repeating: "unbroken", count: 60)
  private static let members = 150
  private static let phones = 40

  private static func filled(_ start: String) -> String {
    start + String(repeating: "x", count: Limits.idBytes - start.utf8.count)
  }

  struct Entry: Sendable {
    var at: Timestamp
    var json: JSON
  }

  private let app: AppID
  private let now: Timestamp
  private var entries: [Entry] = []

  /// Oldest first.
  static func entries(of app: AppID, until now: Timestamp) -> [Entry] {
    var history = ConsoleHistory(app: app, now: now)
    history.people()
    history.crew()
    history.day()
    history.lately()
    history.hostile()
    return history.entries.enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  private init(app: AppID, now: Timestamp) {
    self.app = app
    self.now = now
  }

  // MARK: Writing events

  /// - Parameter ago: Seconds before now.
  private mutating func add(_ ago: Double, _ type: String, _ data: JSON, _ content: JSON? = nil) {
    let at = Timestamp(microseconds: now.microseconds - Int64(ago * 1_000) * 1_000)
    entries.append(
      Entry(
        at: at,
        json: .object(present: [
          ("type", .string(type)), ("occurred_at", JSON(at)), ("data", data), ("content", content),
        ])))
  }

  private mutating func register(
    _ ago: Double, _ user: String, _ device: String, _ platform: String, _ provider: String,
    version: String = "5.2.0"
  ) {
    add(
      ago, "device.registered",
      .object(present: [
        ("user", .string(user)), ("device", .string(device)), ("platform", .string(platform)),
        ("provider", .string(provider)), ("app_version", .string(version)),
        ("topic", provider == "apns" ? "com.example.chat" : nil),
      ]), ["token": .string("token of \(device.prefix(40)) of \(user.prefix(40))")])
  }

  private mutating func send(
    _ ago: Double, _ id: String, from sender: String, to conversation: JSON,
    text: String = "Dinner at seven?", _ more: [(String, JSON)] = []
  ) {
    var data: JSON = [
      "message_id": .string(id), "from": .string(sender), "conversation": conversation,
    ]
    for (key, value) in more { data = data.setting(key, to: value) }
    add(
      ago, "message.sent", data,
      [
        "elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]],
        "sender_name": "Mei Tanaka",
      ])
  }

  private func delivery(_ id: String, _ user: String, _ device: String) -> JSON {
    JSON(
      DeliveryID.make(
        app: app, message: MessageID(unchecked: id), user: UserID(unchecked: user),
        device: DeviceID(unchecked: device)))
  }

  private mutating func attempt(
    _ ago: Double, _ id: String, _ user: String, _ device: String, _ provider: String,
    _ outcome: AttemptOutcome, number: Int = 1, took seconds: Double = 0.18, status: Int? = 200,
    reason: String? = nil, providerID: String? = nil, retryAgo: Double? = nil
  ) {
    func time(_ ago: Double) -> JSON {
      JSON(Timestamp(microseconds: now.microseconds - Int64(ago * 1_000) * 1_000))
    }
    add(
      ago, "push.attempted",
      .object(present: [
        ("delivery_id", delivery(id, user, device)), ("message_id", .string(id)),
        ("user", .string(user)), ("device", .string(device)), ("attempt", .integer(number)),
        ("provider", .string(provider)), ("outcome", .string(outcome.rawValue)),
        ("status", status.map { .integer($0) }), ("reason", reason.map { .string($0) }),
        ("provider_message_id", providerID.map { .string($0) }),
        ("retry_at", retryAgo.map(time)), ("started_at", time(ago + seconds)),
        ("finished_at", time(ago)), ("dispatcher", "dispatcher-1"),
      ]))
  }

  private mutating func receipt(
    _ ago: Double, _ type: String, _ id: String, _ user: String, _ device: String
  ) {
    let at = Timestamp(microseconds: now.microseconds - Int64(ago * 1_000) * 1_000)
    add(
      ago, "push.\(type)",
      [
        "delivery_id": delivery(id, user, device), "message_id": .string(id), "at": JSON(at),
      ])
  }

  // MARK: What happens

  private static let hour = 3_600.0

  private mutating func people() {
    let start = 23 * Self.hour
    for (user, name) in [
      ("mei", "Mei Tanaka"), ("tom", "Tom Berg"), ("kim", "Kim"), ("ana", "Ana Lima"),
    ] {
      add(
        start, "user.updated", ["user": .string(user)], ["nickname": .string(name)])
    }
    add(
      start, "user.updated",
      [
        "user": "lena",
        "quiet_hours": ["from": "00:00", "to": "24:00", "time_zone": "Europe/Berlin"],
      ], ["nickname": "Lena"])
    register(start - 60, "mei", "iphone", "ios", "apns")
    register(start - 61, "tom", "pixel", "android", "fcm", version: "5.1.3")
    register(start - 62, "tom", "ipad", "ipad", "apns", version: "4.9.0")
    register(start - 63, "lena", "mate", "android", "huawei")
    register(start - 64, "kim", "firefox", "web", "webpush")
    register(start - 65, "kim", "desktop", "windows", "callback")
    add(
      start - 600, "device.logged_out",
      ["user": "kim", "device": "desktop", "reason": "unregistered"])
  }

  private mutating func crew() {
    let start = 22 * Self.hour
    add(
      start, "group.updated", ["group": .string(Self.group), "owner": "mei"], ["name": "Crew"])
    for number in 1...Self.members {
      let user = number == 1 ? "mei" : number == 2 ? "tom" : "crew-\(number)"
      add(
        start - 1, "group.member_added",
        [
          "group": .string(Self.group), "user": .string(user),
          "receive": number % 10 == 0 ? "mentions" : "notify",
        ])
      if number > 2, number <= Self.phones {
        let isApple = number % 3 == 0
        register(
          start - 2, user, "phone", isApple ? "ios" : "android", isApple ? "apns" : "fcm",
          version: number % 2 == 0 ? "5.2.0" : "5.1.3")
      }
    }
  }

  /// Two messages an hour, most of which arrive.
  private mutating func day() {
    let ways = [
      ("tom", "pixel", "fcm"), ("mei", "iphone", "apns"), ("kim", "firefox", "webpush"),
      ("tom", "ipad", "apns"),
    ]
    for number in 0..<42 {
      let ago = Self.hour * (21 - Double(number) / 2)
      let (user, device, provider) = ways[number % ways.count]
      let id = "day-\(number)"
      send(ago, id, from: user == "mei" ? "tom" : "mei", to: ["user": .string(user)])
      switch number % 7 {
      case 3:
        attempt(
          ago - 0.4, id, user, device, provider, .rejected, status: 400, reason: "BadMessage")
      case 5:
        attempt(
          ago - 0.4, id, user, device, provider, .expired, status: nil, reason: "expired")
      default:
        attempt(ago - 0.4, id, user, device, provider, .accepted, providerID: "day-\(number)")
        receipt(ago - 1.2, "delivered", id, user, device)
        if number % 2 == 0 { receipt(ago - 45, "opened", id, user, device) }
      }
    }
  }

  private mutating func lately() {
    send(1_500, Self.opened, from: "mei", to: ["user": "tom"])
    attempt(
      1_499.4, Self.opened, "tom", "pixel", "fcm", .accepted, providerID: "projects/chat/m/0:17")
    attempt(
      1_499.1, Self.opened, "tom", "ipad", "apns", .accepted, took: 0.5,
      providerID: Self.providerID)
    receipt(1_498, "delivered", Self.opened, "tom", "pixel")
    receipt(1_470, "opened", Self.opened, "tom", "pixel")
    add(
      1_469, "conversation.read",
      ["user": "tom", "conversation": ["user": "mei"], "up_to": .string(Self.opened)])
    send(1_400, Self.suppressed, from: "mei", to: ["user": "lena"])
    send(1_300, Self.refused, from: "mei", to: ["user": "kim"])
    attempt(
      1_299.5, Self.refused, "kim", "firefox", "webpush", .rejected, status: 413,
      reason: "payload_too_large")
    send(1_200, Self.retried, from: "tom", to: ["user": "mei"], text: "Are you there?")
    attempt(
      1_199.5, Self.retried, "mei", "iphone", "apns", .retry, status: 503,
      reason: "ServiceUnavailable", retryAgo: 1_197)
    attempt(
      1_196.8, Self.retried, "mei", "iphone", "apns", .unknown, number: 2, status: nil,
      reason: "lost")
    attempt(1_190, Self.retried, "mei", "iphone", "apns", .accepted, number: 3)
    send(1_000, Self.recalled, from: "mei", to: ["user": "tom"])
    attempt(999.5, Self.recalled, "tom", "pixel", "fcm", .accepted)
    add(990, "message.recalled", ["message_id": .string(Self.recalled), "by": "mei"])
    send(
      900, Self.crowd, from: "mei", to: ["group": .string(Self.group)],
      text: "@Tom the bus leaves at nine", [("mentions", ["tom", "crew-10"])])
    for number in 3...20 where number % 10 != 0 {
      let provider = number % 3 == 0 ? "apns" : "fcm"
      attempt(
        899 - Double(number) / 20, Self.crowd, "crew-\(number)", "phone", provider, .accepted)
      if number % 2 == 0 { receipt(895, "delivered", Self.crowd, "crew-\(number)", "phone") }
    }
    add(
      600, "device.token_invalidated",
      [
        "user": "crew-5", "device": "phone", "provider": "fcm", "reason": "UNREGISTERED",
        "token_sha256": .string(DeviceRegistration.fingerprint("token of phone of crew-5")),
      ])
    add(500, "device.foregrounded", ["user": "mei", "device": "iphone"])
    add(
      400, "device.backgrounded",
      ["user": "mei", "device": "iphone", "unread": ["c2c": 2, "group": 1]])
    send(300, Self.waiting, from: "tom", to: ["user": "mei"])
    attempt(
      299, Self.waiting, "mei", "iphone", "apns", .retry, status: 429, reason: "TooManyRequests",
      retryAgo: -600)
  }

  /// Names and texts that would be markup, run backwards, or run out of the page.
  private mutating func hostile() {
    let (user, group, device) = (Self.hostileUser, Self.hostileGroup, Self.hostileDevice)
    add(
      290, "user.updated", ["user": .string(user)],
      ["nickname": .string(String(Self.hostileText.prefix(120)))])
    register(
      289, user, device, "other", "xiaomi", version: "<b>9</b>" + String(repeating: "9", count: 50))
    add(288, "group.updated", ["group": .string(group)], ["name": "<i>\u{202E}eman</i>"])
    for member in [user, "mei", "tom"] {
      add(287, "group.member_added", ["group": .string(group), "user": .string(member)])
    }
    send(
      286, Self.hostileMessage, from: "tom", to: ["user": .string(user)], text: Self.hostileText)
    attempt(
      285, Self.hostileMessage, user, device, "xiaomi", .retry, status: 500,
      reason: "\"><script>alert(4)</script>" + String(repeating: "long", count: 30),
      retryAgo: -3_000)
    send(
      284, Self.hostileGroupMessage, from: user, to: ["group": .string(group)],
      text: Self.hostileText)
  }
}
