import Foundation
import Ledger
import NIOHTTP1
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

/// A client of Tencent IM, as its user signs.
private struct Phone {
  let rig: APIRig
  let user: String
  let device: String
  private let signature: String

  init(_ backend: TencentBackend, _ user: String, _ device: String, at time: Timestamp) throws {
    rig = backend.rig
    self.user = user
    self.device = device
    signature = try UserSig(
      identifier: user, sdkAppID: TencentBackend.sdkAppID, issuedAt: time.seconds,
      secretKey: TencentBackend.key
    ).text
  }

  func send(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> Answer {
    try await rig.send(
      method, "/v1/me" + path, body?.serialized(), key: .some(nil),
      headers: [("Authorization", "UserSig \(signature)")])
  }

  func logIn(on platform: String) async throws -> Answer {
    try await send(.POST, "/devices/\(device)/login", ["platform": .string(platform)])
  }

  func setToken(_ token: String, _ busiID: JSON = 11301) async throws -> Answer {
    try await send(
      .PUT, "/devices/\(device)/token", ["token": .string(token), "busi_id": busiID])
  }

  func setState(_ body: JSON) async throws -> Answer {
    try await send(.PUT, "/devices/\(device)/state", body)
  }

  /// This device as the server shows it once everything is folded.
  func shown() async throws -> JSON? {
    let answer = try await send(.GET, "/devices?at_least=\(try await rig.head())")
    return answer.json["devices"]?.array?.first { $0["device"]?.string == device }
  }
}

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct SpeakAsClient {
  private static func run(
    _ body: @escaping @Sendable (TencentBackend, TestClock) async throws -> Void
  ) async throws {
    try await TencentBackend.run { backend, clock in
      let credentials = ProviderCredentials(backend.rig.pool, keys: .random())
      try await credentials.add(
        "11301", provider: .apns, of: APIRig.demo, environment: .sandbox, secret: "s")
      try await credentials.add("fcm-1", provider: .fcm, of: APIRig.demo, secret: "s")
      try await body(backend, clock)
    }
  }

  /// What was decided for a message that `ann` sends to a user now: reason or push, each device.
  private static func decisions(
    _ backend: TencentBackend, _ clock: TestClock, to user: String = "bob", _ more: JSON = [:]
  ) async throws -> [String] {
    clock.advance(.seconds(1))
    _ = try await backend.call(
      "openim/sendmsg",
      SendAsTencent.message([
        "From_Account": "ann", "To_Account": .string(user),
        "MsgRandom": .integer(clock.now.seconds),
        "SendMsgControl": more["SendMsgControl"] ?? [],
      ]), at: clock.now)
    let head = try await backend.rig.head()
    _ = try await backend.rig.get("/v1/users/\(user)/unread?at_least=\(head)")
    return try await backend.rig.pool.query(
      """
      select coalesce(device_id, '-') || ' ' || coalesce(reason, 'push ' || badge || ' '
        || coalesce(sound, 'silent'))
      from notifications_v1.deliveries
      where position = (select max(position) from notifications_v1.messages)
      order by device_id
      """
    ).map { try $0.get(0) }
  }

  @Test("login, token, background with unread, foreground, logout: what is pushed follows")
  func followsTheApp() async throws {
    try await Self.run { backend, clock in
      let phone = try Phone(backend, "bob", "phone", at: clock.now)
      let early = try await phone.setToken("aa")
      #expect(early.status == 409 && early.code == "not_logged_in")
      #expect(early.json["tencent_code"] == 21005)
      let none = try await Self.decisions(backend, clock)
      #expect(none == ["- no_device"])
      #expect(try await phone.logIn(on: "ios").status == 202)
      _ = try await phone.setState(["state": "background", "unread": ["c2c": 1, "group": 0]])
      let bare = try await Self.decisions(backend, clock)
      #expect(bare == ["phone no_token"])
      #expect(try await phone.setToken("aa").status == 202)
      _ = try await phone.setState(["state": "background", "unread": ["c2c": 3, "group": 4]])
      let pushed = try await Self.decisions(backend, clock)
      #expect(pushed == ["phone push 8 default"])
      _ = try await phone.setState(["state": "foreground"])
      let open = try await Self.decisions(backend, clock)
      #expect(open == ["phone foreground"])
      _ = try await phone.setState(["state": "killed"])
      let killed = try await Self.decisions(backend, clock)
      #expect(killed == ["phone push 1 default"])
      _ = try await phone.setState(["state": "logged_out"])
      let gone = try await Self.decisions(backend, clock)
      #expect(gone == ["phone logged_out"])
      #expect(try await phone.setToken("aa").code == "not_logged_in")
      #expect(try await phone.logIn(on: "ios").status == 202)
      _ = try await phone.setState(["state": "background", "unread": ["c2c": 0, "group": 0]])
      let again = try await Self.decisions(backend, clock)
      #expect(again == ["phone no_token"], "a token of an earlier login counts no more")
    }
  }

  @Test(
    "one device a platform: the older one is logged out and gets no push, unless the app lets it")
  func kicksTheOlder() async throws {
    try await Self.run { backend, clock in
      let devices = try [("a", "ios"), ("b", "ios"), ("c", "android"), ("d", "web")].map {
        (try Phone(backend, "bob", $0.0, at: clock.now), $0.1)
      }
      func all() async throws -> [String] {
        for (phone, platform) in devices {
          _ = try await phone.logIn(on: platform)
          _ = try await phone.setToken(Hex.encode(phone.device.utf8))
          _ = try await phone.setState(["state": "killed"])
        }
        return try await Self.decisions(backend, clock).map {
          $0.contains("push") ? String($0.prefix(1)) : $0
        }
      }
      let usual = try await all()
      #expect(usual == ["a logged_out", "b", "c", "d"])
      let late = try await devices[0].0.setToken("1a7e")
      #expect(late.status == 409)
      let apps = Apps(backend.rig.pool)
      var settings = try await apps.app(APIRig.demo).settings
      for (policy, expected) in [
        (LoginPolicy.any, ["a", "b", "c", "d"]),
        (.twoPlatforms, ["a logged_out", "b logged_out", "c", "d"]),
        (.onePlatform, ["a logged_out", "b logged_out", "c", "d"]),
        (.threePlatforms, ["a logged_out", "b logged_out", "c", "d"]),
      ] {
        settings.loginPolicy = policy
        try await apps.update(APIRig.demo, to: settings)
        let found = try await all()
        #expect(found == expected, "\(policy)")
      }
    }
  }

  @Test("busi_id chooses the credential, the provider and the environment")
  func choosesTheCredential() async throws {
    try await Self.run { backend, clock in
      let phone = try Phone(backend, "bob", "phone", at: clock.now)
      _ = try await phone.logIn(on: "android")
      let unknown = try await phone.setToken("aa", 7)
      #expect(unknown.code == "unknown_value" && unknown.field == "busi_id")
      #expect(unknown.detail.contains("\"7\""))
      #expect(try await phone.setToken("aa", true).code == "wrong_type")
      #expect(try await phone.setToken("").field == "token")
      let malformed = try await phone.setToken("no hexadecimal")
      #expect(malformed.code == "bad_format" && malformed.field == "token")
      try await ProviderCredentials(backend.rig.pool, keys: .random()).add(
        "topical", provider: .apns, of: APIRig.demo, topics: ["org.example"], secret: "s")
      let stray = try await phone.send(
        .PUT, "/devices/phone/token",
        ["token": "aa", "busi_id": "topical", "topic": "org.evil\r\nfoo: bar"])
      #expect(stray.status == 400 && stray.field == "topic")
      #expect(try await phone.setToken("aa", "fcm-1").status == 202)
      let fcm = try await phone.shown()
      #expect(fcm?["provider"] == "fcm" && fcm?["credential"] == "fcm-1")
      #expect(fcm?["environment"] == "production" && fcm?["platform"] == "android")
      #expect(try await phone.setToken("bb", 11301).status == 202)
      let apns = try await phone.shown()
      #expect(apns?["provider"] == "apns" && apns?["credential"] == "11301")
      #expect(apns?["environment"] == "sandbox")
    }
  }

  @Test("openPush and the sounds of one-to-one and group messages, also the no-sound names")
  func keepsSettings() async throws {
    try await Self.run { backend, clock in
      let phone = try Phone(backend, "bob", "phone", at: clock.now)
      _ = try await phone.logIn(on: "ios")
      _ = try await phone.setToken("aa")
      _ = try await phone.setState(["state": "killed"])
      let path = "/devices/phone/settings"
      for (settings, expected) in [
        (["c2c_sound": "ding.caf"], "phone push 1 ding.caf"),
        (["group_sound": "dong.caf"], "phone push 2 ding.caf"),
        (["push": false], "phone push_off_on_device"),
        (["push": true, "c2c_sound": "push.no_sound"], "phone push 3 silent"),
        (["c2c_sound": "kIOSOfflinePushNoSound"], "phone push 4 silent"),
        (["c2c_sound": "kIOSOfflinePushDefaultSound"], "phone push 5 default"),
      ] as [(JSON, String)] {
        #expect(try await phone.send(.PUT, path, settings).status == 202)
        let decided = try await Self.decisions(backend, clock)
        #expect(decided == [expected], "\(settings)")
      }
      _ = try await phone.send(.PUT, path, ["video_sound": "ring.caf"])
      let kept = try await phone.shown()?["settings"]
      #expect(kept?["push"] == true && kept?["group_sound"] == "dong.caf")
      #expect(kept?["video_sound"] == "ring.caf")
    }
  }

  @Test("receive options of users and groups, heeded as Tencent heeds them")
  func keepsReceiveOptions() async throws {
    try await Self.run { backend, clock in
      let phone = try Phone(backend, "bob", "phone", at: clock.now)
      _ = try await phone.logIn(on: "ios")
      _ = try await phone.setToken("aa")
      _ = try await phone.setState(["state": "killed"])
      let heed: JSON = ["SendMsgControl": ["WithMuteNotifications"]]
      for (option, plain, heeded) in [
        ("silent", "push", "muted"), ("reject", "rejected", "rejected"), ("notify", "push", "push"),
      ] {
        let set = try await phone.send(
          .PUT, "/conversations", ["users": ["ann", "cho"], "receive": .string(option)])
        #expect(set.status == 202 && set.json["events"] == 2)
        let passed = try await Self.decisions(backend, clock)
        #expect(passed.first?.contains(plain) == true, "\(option)")
        let held = try await Self.decisions(backend, clock, heed)
        #expect(held.first?.contains(heeded) == true, "\(option)")
      }
      let many = JSON.array((0..<31).map { .string("u\($0)") })
      let refused = try await phone.send(
        .PUT, "/conversations", ["users": many, "receive": "silent"])
      #expect(refused.code == "too_long" && refused.field == "users")
      let bad = try await phone.send(.PUT, "/groups/g1", ["receive": "loud"])
      #expect(bad.field == "receive")
      _ = try await phone.send(.PUT, "/groups/g1", ["receive": "mentions"])
      let last = try await backend.rig.events().last
      #expect(last?.event.type == .groupReceiveChanged)
      let data = try last.map { try JSON.parse($0.event.data) }
      #expect(data?["group"] == "g1" && data?["user"] == "bob" && data?["receive"] == "mentions")
    }
  }

  @Test("a daily quiet time, over midnight and of a whole day")
  func keepsQuietTime() async throws {
    try await Self.run { backend, clock in
      let phone = try Phone(backend, "bob", "phone", at: clock.now)
      _ = try await phone.logIn(on: "ios")
      _ = try await phone.setToken("aa")
      _ = try await phone.setState(["state": "killed"])
      // The test's clock says 02:40:00 and goes on by a second with every message.
      for (body, isQuiet) in [
        (["receive": "silent", "from": "22:30:00", "duration_seconds": 30_600], true),
        (["receive": "silent", "from": "22:30", "duration_seconds": 3_600], false),
        (
          [
            "receive": "silent", "from": "10:39:30", "duration_seconds": 60,
            "time_zone": "Asia/Shanghai",
          ], true
        ),
        (["receive": "silent", "from": "08:00:00", "duration_seconds": 86_400], true),
        (["receive": "silent", "from": "02:00:00", "duration_seconds": 0], false),
        (["receive": "notify"], false),
      ] as [(JSON, Bool)] {
        #expect(try await phone.send(.PUT, "/quiet-time", body).status == 202)
        let decided = try await Self.decisions(backend, clock)
        #expect((decided == ["- quiet"]) == isQuiet, "\(body): \(decided)")
      }
      for (body, field) in [
        (["receive": "silent", "duration_seconds": 60], "from"),
        (["receive": "silent", "from": "25:00", "duration_seconds": 60], "from"),
        (["receive": "silent", "from": "22:00"], "duration_seconds"),
        (["receive": "silent", "from": "22:00", "duration_seconds": 86_401], "duration_seconds"),
        (["receive": "reject"], "receive"),
        (
          ["receive": "silent", "from": "22:00", "duration_seconds": 60, "time_zone": "Mars"],
          "time_zone"
        ),
      ] as [(JSON, String)] {
        let refused = try await phone.send(.PUT, "/quiet-time", body)
        #expect(refused.status == 400 && refused.field == field, "\(body)")
      }
    }
  }

  @Test("an Idempotency-Key is a user's own, and names one request")
  func keepsKeysApart() async throws {
    try await Self.run { backend, clock in
      func set(_ user: String, _ users: [JSON]) async throws -> Answer {
        let sig = try UserSig(
          identifier: user, sdkAppID: TencentBackend.sdkAppID, issuedAt: clock.now.seconds,
          secretKey: TencentBackend.key)
        return try await backend.rig.send(
          .PUT, "/v1/me/conversations",
          (["users": .array(users), "receive": "reject"] as JSON).serialized(), key: .some(nil),
          headers: [("Authorization", "UserSig \(sig.text)"), ("Idempotency-Key", "1")])
      }
      let first = try await set("ann", ["bob"])
      #expect(first.status == 202 && first.json["new"] == 1)
      let again = try await set("ann", ["bob"])
      #expect(again.status == 202 && again.json["new"] == 0)
      for other in [["carl"], ["bob", "carl"]] as [[JSON]] {
        let refused = try await set("ann", other)
        #expect(refused.status == 409 && refused.code == "id_reused", "\(other)")
      }
      let eve = try await set("eve", ["bob"])
      #expect(eve.status == 202 && eve.json["new"] == 1)
      #expect(try await backend.rig.head() == 2)
    }
  }

  @Test("no more devices of a user than a hundred, those least heard of going first")
  func boundsDevices() async throws {
    try await Self.run { backend, clock in
      for index in 0..<(Limits.devicesPerUser + 5) {
        let phone = try Phone(backend, "bob", "d\(index)", at: clock.now)
        #expect(try await phone.logIn(on: "web").status == 202)
      }
      let last = try Phone(backend, "bob", "d\(Limits.devicesPerUser + 4)", at: clock.now)
      #expect(try await last.setToken("aa").status == 202)
      let head = try await backend.rig.head()
      let devices = try await backend.rig.get("/v1/users/bob/devices?at_least=\(head)")
      #expect(devices.json["devices"]?.array?.count == Limits.devicesPerUser)
      let decided = try await Self.decisions(backend, clock)
      #expect(decided.filter { $0.hasSuffix("foreground") } == ["\(last.device) foreground"])
    }
  }

  @Test("a signature that is missing, old, forged or another app's says nothing")
  func refusesSignatures() async throws {
    try await Self.run { backend, clock in
      func sig(_ identifier: String, app: Int64 = TencentBackend.sdkAppID, key: String) throws
        -> String
      {
        try UserSig(
          identifier: identifier, sdkAppID: app, issuedAt: clock.now.seconds, lifetime: 60,
          secretKey: key
        ).text
      }
      let good = try sig("bob", key: TencentBackend.key)
      for (header, code) in [
        ("", 70002), ("Bearer \(good)", 70002), ("UserSig x", 70003),
        ("UserSig \(try sig("bob", key: "another"))", 70009),
        ("UserSig \(try sig("bob", app: 1_600_000_000, key: TencentBackend.key))", 70009),
        ("UserSig \(try sig(String(repeating: "x", count: 33), key: TencentBackend.key))", 70009),
      ] as [(String, Int64)] {
        let answer = try await backend.rig.send(
          .GET, "/v1/me/devices", key: .some(nil), headers: [("Authorization", header)])
        #expect(answer.status == 401 && answer.code == "signature_refused", "\(code)")
        #expect(answer.json["tencent_code"]?.integer == code)
        #expect(answer.header("WWW-Authenticate")?.hasPrefix("UserSig") == true)
        #expect(!answer.text.contains(good))
      }
      func get() async throws -> Answer {
        try await backend.rig.send(
          .GET, "/v1/me/devices", key: .some(nil), headers: [("Authorization", "UserSig \(good)")])
      }
      let answer = try await get()
      #expect(answer.status == 200 && answer.json["user"] == "bob")
      clock.advance(.seconds(61))
      let late = try await get()
      #expect(late.json["tencent_code"] == 70001)
      let key = try await backend.rig.send(.GET, "/v1/me/devices")
      #expect(key.status == 401, "an API key speaks for no user")
    }
  }
}
