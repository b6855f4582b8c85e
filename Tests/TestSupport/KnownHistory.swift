public import PushCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A morning of a small chat, 2 March 2026, in which everything happens that the questions of
/// `sql/queries` ask about. docs/sql.md shows what they answer about it.
///
///     ann   an iPhone                       dee   an iPhone, logged out by her iPad's login
///     bob   a Pixel, and an iPad with a     fay   her phone goes to gus
///           dead token                      hal   reinstalls the app again and again
///     cho   a Huawei, quiet hours           eve   no device; 24 in the hall have none either
public struct KnownHistory {
  public static let app = AppID(unchecked: "chat")

  /// Events in the import form, one at a time, oldest first.
  public static let events: [JSON] = {
    var history = KnownHistory()
    history.people()
    history.talk()
    history.trouble()
    history.hall()
    history.ending()
    return history.events
  }()

  private var events: [JSON] = []

  private init() {}

  // MARK: Writing events

  /// - Parameter time: Of the day, as `08:00:00`.
  private mutating func add(_ time: String, _ type: String, _ data: JSON, _ content: JSON? = nil) {
    let number = String(events.count + 1)
    let id =
      "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - number.count) + number
    events.append(
      .object(present: [
        ("event_id", .string(id)), ("type", .string(type)),
        ("occurred_at", .string("2026-03-02T\(time)Z")), ("data", data), ("content", content),
      ]))
  }

  private mutating func register(
    _ time: String, _ user: String, _ device: String, _ platform: String, _ provider: String,
    _ version: String, token: String
  ) {
    add(
      time, "device.registered",
      [
        "user": .string(user), "device": .string(device), "platform": .string(platform),
        "provider": .string(provider), "app_version": .string(version),
      ], ["token": .string(token)])
  }

  private mutating func device(_ time: String, _ type: String, _ user: String, _ device: String) {
    add(time, "device.\(type)", ["user": .string(user), "device": .string(device)])
  }

  private mutating func send(
    _ time: String, _ id: String, from sender: String, to conversation: JSON,
    _ more: [(String, JSON)] = []
  ) {
    var data: JSON = [
      "message_id": .string(id), "from": .string(sender), "conversation": conversation,
    ]
    for (key, value) in more { data = data.setting(key, to: value) }
    add(
      time, "message.sent", data,
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "Hello"]]]])
  }

  private mutating func read(_ time: String, _ user: String, _ conversation: JSON, _ id: String) {
    add(
      time, "conversation.read",
      ["user": .string(user), "conversation": conversation, "up_to": .string(id)])
  }

  private static func delivery(_ id: String, _ user: String, _ device: String) -> JSON {
    .string(
      DeliveryID.make(
        app: app, message: MessageID(unchecked: id), user: UserID(unchecked: user),
        device: DeviceID(unchecked: device)
      ).uuidString.lowercased())
  }

  private mutating func attempt(
    _ started: String, _ finished: String, _ number: Int, _ id: String, _ user: String,
    _ device: String, _ provider: String, _ outcome: AttemptOutcome, status: Int? = nil,
    reason: String? = nil, providerID: String? = nil
  ) {
    add(
      finished, "push.attempted",
      .object(present: [
        ("delivery_id", Self.delivery(id, user, device)), ("message_id", .string(id)),
        ("user", .string(user)), ("device", .string(device)), ("attempt", .integer(number)),
        ("provider", .string(provider)), ("outcome", .string(outcome.rawValue)),
        ("status", status.map { .integer($0) }), ("reason", reason.map { .string($0) }),
        ("provider_message_id", providerID.map { .string($0) }),
        ("started_at", .string("2026-03-02T\(started)Z")),
        ("finished_at", .string("2026-03-02T\(finished)Z")), ("dispatcher", "d1"),
      ]))
  }

  private mutating func receipt(
    _ time: String, _ type: String, _ id: String, _ user: String, _ device: String,
    reason: String? = nil
  ) {
    add(
      time, "push.\(type)",
      .object(present: [
        ("delivery_id", Self.delivery(id, user, device)), ("message_id", .string(id)),
        ("at", .string("2026-03-02T\(time)Z")), ("reason", reason.map { .string($0) }),
      ]))
  }

  // MARK: The morning

  private mutating func people() {
    for user in ["ann", "bob", "dee", "eve", "fay", "gus", "hal"] {
      add("08:00:00", "user.updated", ["user": .string(user)])
    }
    add(
      "08:00:00", "user.updated",
      [
        "user": "cho",
        "quiet_hours": ["from": "16:00", "to": "20:00", "time_zone": "Asia/Shanghai"],
      ])
    add("08:00:00", "group.updated", ["group": "team"], ["name": "Team"])
    for user in ["ann", "bob", "cho", "eve", "hal"] {
      add("08:00:10", "group.member_added", ["group": "team", "user": .string(user)])
    }
    add(
      "08:00:10", "group.member_added", ["group": "team", "user": "dee", "receive": "silent"])
    register("08:01:00", "ann", "phone", "ios", "apns", "5.1", token: "A1")
    register("08:01:01", "bob", "pixel", "android", "fcm", "5.0", token: "B1")
    register("08:01:02", "bob", "ipad", "ipad", "apns", "4.9", token: "B2")
    register("08:01:03", "cho", "mate", "android", "huawei", "5.0", token: "C1")
    register("08:01:04", "dee", "phone", "ios", "apns", "5.1", token: "D1")
    register("08:01:05", "fay", "phone", "ios", "apns", "4.9", token: "F1")
    register("08:01:06", "hal", "redmi", "android", "fcm", "4.9", token: "H1")
  }

  private mutating func talk() {
    // Delivered on one device; the other's token is dead.
    send("08:05:00", "m1", from: "ann", to: ["user": "bob"])
    attempt(
      "08:05:00.1", "08:05:00.4", 1, "m1", "bob", "pixel", "fcm", .accepted, status: 200,
      providerID: "fcm-1001")
    attempt(
      "08:05:00.1", "08:05:00.9", 1, "m1", "bob", "ipad", "apns", .tokenInvalid, status: 410,
      reason: "Unregistered")
    add(
      "08:05:01", "device.token_invalidated",
      [
        "user": "bob", "device": "ipad", "provider": "apns", "reason": "Unregistered",
        "token_sha256": .string(DeviceRegistration.fingerprint("B2")),
      ])
    receipt("08:05:02", "delivered", "m1", "bob", "pixel")
    receipt("08:05:30", "opened", "m1", "bob", "pixel")
    read("08:05:31", "bob", ["user": "ann"], "m1")
    // To a group: cho has quiet hours, dee a muted group, eve no device; hal's needs three tries.
    send("08:10:00", "m2", from: "ann", to: ["group": "team"])
    attempt(
      "08:10:00.1", "08:10:00.5", 1, "m2", "bob", "pixel", "fcm", .accepted, status: 200,
      providerID: "fcm-1002")
    attempt(
      "08:10:00.1", "08:10:01", 1, "m2", "hal", "redmi", "fcm", .retry, status: 503,
      reason: "UNAVAILABLE")
    attempt(
      "08:10:03", "08:10:04", 2, "m2", "hal", "redmi", "fcm", .retry, status: 503,
      reason: "UNAVAILABLE")
    attempt(
      "08:10:09", "08:10:10", 3, "m2", "hal", "redmi", "fcm", .accepted, status: 200,
      providerID: "fcm-1003")
    receipt("08:10:02", "delivered", "m2", "bob", "pixel")
    // A dispatcher died after sending: nobody knows, so it goes again.
    send("08:20:00", "m3", from: "bob", to: ["user": "ann"])
    attempt("08:20:00.2", "08:20:20", 1, "m3", "ann", "phone", "apns", .unknown, reason: "lost")
    attempt(
      "08:20:20.1", "08:20:20.4", 2, "m3", "ann", "phone", "apns", .accepted, status: 200,
      providerID: "apns-2001")
    receipt("08:20:22", "delivered", "m3", "ann", "phone")
  }

  private mutating func trouble() {
    // Recalled when the phone had rung already.
    send("08:30:00", "m4", from: "ann", to: ["user": "bob"])
    attempt(
      "08:30:00.1", "08:30:02", 1, "m4", "bob", "pixel", "fcm", .accepted, status: 200,
      providerID: "fcm-1004")
    add("08:31:00", "message.recalled", ["message_id": "m4", "by": "ann"])
    // Good for five minutes, and Apple is down for as long.
    send(
      "08:40:00", "m5", from: "bob", to: ["user": "dee"],
      [("expires_at", "2026-03-02T08:45:00Z")])
    attempt(
      "08:40:00.1", "08:40:01", 1, "m5", "dee", "phone", "apns", .retry, status: 503,
      reason: "ServiceUnavailable")
    attempt(
      "08:43:00", "08:43:01", 2, "m5", "dee", "phone", "apns", .retry, status: 503,
      reason: "ServiceUnavailable")
    attempt(
      "08:45:00", "08:45:00", 3, "m5", "dee", "phone", "apns", .expired, reason: "expired")
    // hal's app comes and goes, and what was on its way meets no app.
    device("08:50:00", "unregistered", "hal", "redmi")
    register("08:52:00", "hal", "redmi", "android", "fcm", "4.9", token: "H2")
    send("09:00:00", "m6", from: "cho", to: ["user": "hal"])
    attempt(
      "09:00:00.1", "09:00:00.3", 1, "m6", "hal", "redmi", "fcm", .tokenInvalid, status: 404,
      reason: "UNREGISTERED")
    add(
      "09:00:01", "device.token_invalidated",
      [
        "user": "hal", "device": "redmi", "provider": "fcm", "reason": "UNREGISTERED",
        "token_sha256": .string(DeviceRegistration.fingerprint("H2")),
      ])
    register("09:02:00", "hal", "redmi", "android", "fcm", "4.9", token: "H3")
    register("09:04:00", "hal", "redmi", "android", "fcm", "4.9", token: "H3")
    // Taken by the provider, not shown by the phone.
    send("09:10:00", "m7", from: "ann", to: ["user": "fay"])
    attempt(
      "09:10:00.1", "09:10:00.8", 1, "m7", "fay", "phone", "apns", .accepted, status: 200,
      providerID: "apns-2002")
    receipt("09:10:05", "not_shown", "m7", "fay", "phone", reason: "status_6")
    // The phone changes hands: fay hears no more on it.
    register("09:30:00", "gus", "phone", "ios", "apns", "5.1", token: "F1")
    send("09:35:00", "m8", from: "ann", to: ["user": "fay"])
    // dee logs in on an iPad; the app's policy leaves her phone out.
    add(
      "09:40:00", "device.logged_in",
      ["user": "dee", "device": "ipad", "platform": "ipad", "kicks": ["ios", "ipad"]])
  }

  private mutating func hall() {
    for number in 1...24 {
      add(
        "10:00:00", "group.member_added",
        ["group": "hall", "user": .string(number < 10 ? "h0\(number)" : "h\(number)")])
    }
    add("10:00:00", "group.member_added", ["group": "hall", "user": "bob"])
    add(
      "10:00:00", "group.member_added", ["group": "hall", "user": "ann", "receive": "mentions"])
    send("10:05:00", "m9", from: "h01", to: ["group": "hall"])
    attempt(
      "10:05:00.1", "10:05:00.6", 1, "m9", "bob", "pixel", "fcm", .accepted, status: 200,
      providerID: "fcm-1005")
  }

  private mutating func ending() {
    device("10:20:00", "foregrounded", "ann", "phone")
    send("10:20:30", "m10", from: "bob", to: ["user": "ann"])
    read("10:21:00", "ann", ["user": "bob"], "m10")
    add(
      "10:25:00", "device.backgrounded",
      ["user": "ann", "device": "phone", "unread": ["c2c": 0, "group": 0]])
    // Read on the iPad before it left for the phone.
    send("10:40:00", "m11", from: "ann", to: ["user": "bob"])
    read("10:40:05", "bob", ["user": "ann"], "m11")
    // Too long for Apple.
    send("10:50:00", "m12", from: "bob", to: ["user": "gus"])
    attempt(
      "10:50:00.1", "10:50:00.1", 1, "m12", "gus", "phone", "apns", .rejected,
      reason: "payload_too_large")
    send("10:55:00", "m13", from: "eve", to: ["group": "team"], [("push", false)])
    // What still waits.
    send("11:00:00", "m14", from: "bob", to: ["user": "ann"])
    send("11:00:10", "m15", from: "bob", to: ["user": "ann"])
    attempt(
      "11:00:11", "11:00:12", 1, "m15", "ann", "phone", "apns", .retry, status: 429,
      reason: "TooManyRequests")
    device("11:10:00", "offline", "cho", "mate")
  }
}
