import Foundation
import Ledger
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct RefuseAsTencent {
  private static let send = "openim/sendmsg"

  private static func with(_ more: KeyValuePairs<String, JSON>) -> JSON {
    SendAsTencent.message(more)
  }

  @Test("every mistake has Tencent's code, status 200, and stores nothing")
  func refusesBodies() async throws {
    let long = JSON.string(String(repeating: "x", count: 33))
    let fat = JSON.string(String(repeating: "x", count: 12_288))
    let custom: JSON = ["MsgType": "TIMCustomElem", "MsgContent": ["Desc": "d"]]
    let import_ = "openim/importmsg"
    let batch = "openim/batchsendmsg"
    let cases: [(command: String, body: JSON, code: Int64)] = [
      (Self.send, Self.with(["To_Account": .null]), 90003),
      (Self.send, Self.with(["To_Account": 7]), 90003),
      (Self.send, Self.with(["To_Account": ["ben"]]), 90003),
      (Self.send, Self.with(["To_Account": ""]), 90003),
      (Self.send, Self.with(["To_Account": long]), 90003),
      (Self.send, Self.with(["From_Account": 7]), 90008),
      (Self.send, Self.with(["From_Account": long]), 90008),
      (Self.send, Self.with(["MsgRandom": .null]), 90005),
      (Self.send, Self.with(["MsgRandom": "x"]), 90005),
      (Self.send, Self.with(["MsgRandom": .number("1.5")]), 90005),
      (Self.send, Self.with(["MsgRandom": 4_294_967_296]), 90005),
      (Self.send, Self.with(["MsgSeq": []]), 90004),
      (Self.send, Self.with(["MsgBody": .null]), 90007),
      (Self.send, Self.with(["MsgBody": [:]]), 90007),
      (Self.send, Self.with(["MsgBody": []]), 90007),
      (Self.send, Self.with(["MsgBody": ["x"]]), 90002),
      (Self.send, Self.with(["MsgBody": [["MsgType": "TIMTextElem"]]]), 90002),
      (Self.send, Self.with(["MsgBody": [["MsgType": 1, "MsgContent": [:]]]]), 90002),
      (
        Self.send,
        Self.with(["MsgBody": [["MsgType": "TIMTextElem", "MsgContent": ["Text": 1]]]]), 90002
      ),
      (Self.send, Self.with(["MsgBody": [custom, custom]]), 90002),
      (
        Self.send,
        Self.with(["MsgBody": .array((0...100).map { _ in SendAsTencent.element })]), 90002
      ),
      (Self.send, Self.with(["MsgLifeTime": "x"]), 90044),
      (Self.send, Self.with(["MsgLifeTime": 604_801]), 90026),
      (Self.send, Self.with(["MsgLifeTime": -1]), 90026),
      (Self.send, Self.with(["SyncOtherMachine": 3]), 90031),
      (Self.send, Self.with(["OfflinePushInfo": "x"]), 90043),
      (Self.send, Self.with(["OfflinePushInfo": ["PushFlag": "x"]]), 90043),
      (Self.send, Self.with(["OfflinePushInfo": ["ApnsInfo": []]]), 90043),
      (Self.send, Self.with(["CloudCustomData": 7]), 90010),
      (Self.send, Self.with(["SendMsgControl": "NoUnread"]), 90010),
      (Self.send, Self.with(["CloudCustomData": fat]), 80002),
      (batch, Self.with([:]), 90028),
      (batch, Self.with(["To_Account": .null]), 90029),
      (batch, Self.with(["To_Account": []]), 90029),
      (batch, Self.with(["To_Account": .array((0...500).map { .string("u\($0)") })]), 90011),
      (batch, Self.with(["To_Account": ["ben"], "CloudCustomData": fat]), 90055),
      (batch, Self.with(["To_Account": ["ben"], "MsgRandom": .null]), 90005),
      (import_, Self.with(["MsgTimeStamp": 5]), 90030),
      (import_, Self.with(["MsgTimeStamp": 5, "SyncFromOldSystem": 3]), 90030),
      (import_, Self.with(["SyncFromOldSystem": 5]), 90006),
      (import_, Self.with(["SyncFromOldSystem": 5, "MsgTimeStamp": 99_999_999_999]), 90006),
      ("openim/admin_set_msg_read", ["Peer_Account": "ann"], 90008),
      ("openim/admin_set_msg_read", ["Report_Account": "ann"], 90003),
      (
        "openim/admin_set_msg_read",
        ["Report_Account": "ann", "Peer_Account": "ben", "MsgReadTime": "x"], 90006
      ),
      ("openim/get_c2c_unread_msg_num", [:], 90003),
      ("openim/get_c2c_unread_msg_num", ["To_Account": "ben", "Peer_Account": "ann"], 90010),
      (
        "openim/get_c2c_unread_msg_num",
        ["To_Account": "ben", "Peer_Account": .array((0...10).map { .string("u\($0)") })], 90011
      ),
      ("openim/nothing", [:], 60009), ("nothing/sendmsg", Self.with([:]), 60009),
    ]
    try await TencentBackend.run { backend, clock in
      for (command, body, code) in cases {
        let answer = try await backend.call(command, body, at: clock.now)
        #expect(
          answer["ErrorCode"] == .integer(code), "\(command) \(body.text.prefix(200)): \(answer)")
        #expect(answer["ActionStatus"] == "FAIL" && answer["ErrorInfo"]?.string?.isEmpty == false)
      }
      for (bytes, code) in [("", 60003), ("{", 60003), ("[]", 60003), ("\"x\"", 60003)] {
        let answer = try await backend.post(
          Self.send, query: TencentBackend.signed(at: clock.now.seconds), Array(bytes.utf8))
        #expect(answer.json["ErrorCode"] == .integer(code), "\(bytes)")
      }
      let huge = [UInt8](repeating: UInt8(ascii: " "), count: APILimits.bodyBytes + 1)
      let answer = try await backend.post(
        Self.send, query: TencentBackend.signed(at: clock.now.seconds), huge)
      #expect(answer.json["ErrorCode"] == 80002)
      #expect(try await backend.rig.head() == 0)
    }
  }

  @Test("who does not sign, or signs wrong, is told which")
  func refusesSignatures() async throws {
    try await TencentBackend.run { backend, clock in
      let now = clock.now.seconds
      let good = try TencentBackend.signed(at: now)
      let sig = try #require(good.split(separator: "&").first { $0.hasPrefix("usersig=") })
      let cases: [(query: String, code: Int64)] = [
        (good, 0), (try TencentBackend.signed(by: "老王", at: now), 0),
        (good.replacing("contenttype=json", with: "other=1"), 0),
        ("", 60012), (good.replacing("sdkappid=1400000000", with: "sdkappid="), 60012),
        (good.replacing("sdkappid=1400000000", with: "sdkappid=x"), 60025),
        (good.replacing("contenttype=json", with: "contenttype=xml"), 60025),
        (good.replacing("sdkappid=1400000000", with: "sdkappid=1400000001"), 70016),
        (good.replacing(sig, with: "usersig="), 70002),
        (good.replacing(sig, with: "other=1"), 70002),
        (good.replacing(sig, with: "usersig=abc"), 70003),
        (good.replacing("identifier=administrator", with: "identifier=ann"), 70013),
        (good.replacing("identifier=administrator", with: "identifier="), 70013),
        (try TencentBackend.signed(at: now, key: "other"), 70009),
        (try TencentBackend.signed(at: now - UserSig.usualLifetime - 1), 70001),
        (try TencentBackend.signed(by: "ann", at: now), 60010),
      ]
      for (index, (query, code)) in cases.enumerated() {
        let body = SendAsTencent.message(["MsgSeq": .integer(index)])
        let answer = try await backend.post(Self.send, query: query, body.serialized())
        #expect(answer.json["ErrorCode"] == .integer(code), "\(query): \(answer.text)")
        #expect(!answer.text.contains(TencentBackend.key))
      }
      let target = "/v4/openim/sendmsg?sdkappid=1400000000&identifier=%zz"
      let answer = try await RawExchange.answer(to: .POST, target, backend.rig)
      #expect(answer.status == 200 && answer.json["ErrorCode"] == 60002)
      #expect(try await backend.rig.head() == 3)
      let other = try TencentBackend.signed(at: now, app: 1_400_000_001, key: "other key")
      try await TencentApps(backend.rig.pool).put(
        1_400_000_001, for: APIRig.other, administrators: ["administrator"],
        secretKey: "other key")
      // The server remembers for a while that there was no such app.
      try await eventually {
        try await backend.post(
          Self.send, query: other, SendAsTencent.message(["MsgSeq": 99]).serialized()
        ).json["ErrorCode"] == 0
      }
      #expect(try await backend.rig.head() == 3)
      #expect(try await backend.rig.head(of: APIRig.other) == 1)
    }
  }

  @Test("20,000 odd bodies: never anything but an answer, and what is refused is not stored")
  func survivesNoise() async throws {
    try await TencentBackend.run { backend, clock in
      let query = try TencentBackend.signed(at: clock.now.seconds)
      let commands = backend.rig.tencentCommands
      #expect(commands.count > 40)
      let stored = try await withThrowingTaskGroup(of: Int.self) { group in
        for lane in 0..<8 as Range<UInt64> {
          group.addTask {
            var noise = TencentNoise(seed: lane)
            var stored = 0
            for _ in 0..<2_500 {
              let command = noise.random.pick(commands)
              let answer = try await backend.post(command, query: query, noise.body())
              let code = answer.json["ErrorCode"]?.integer
              #expect(code != nil && code != 20005, "\(answer.text)")
              if code == 0, command.contains("send") { stored += 1 }
            }
            return stored
          }
        }
        return try await group.reduce(0, +)
      }
      let head = try await backend.rig.head()
      #expect(stored > 100 && head > 100, "the noise is not all refused")
      #expect(try await Verifier(backend.rig.pool).verify(APIRig.demo).isSound)
    }
  }
}

/// Bodies that are nearly right, or not at all.
struct TencentNoise {
  var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func body() -> [UInt8] {
    var body = Self.whole
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let name = random.pick(body.members?.map(\.key) ?? [])
      body = body.setting(name, to: value(3))
    }
    var bytes = body.serialized()
    if random.chance(30) {
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: bytes.indices, using: &random)
        if random.chance(50) {
          bytes[index] = UInt8.random(in: 0...255, using: &random)
        } else {
          bytes.removeSubrange(index..<min(bytes.count, index + 9))
        }
      }
    }
    return bytes
  }

  private static let whole: JSON = [
    "SyncOtherMachine": 1, "From_Account": "ann", "To_Account": "ben", "MsgSeq": 1,
    "MsgRandom": 2, "MsgLifeTime": 60, "MsgTimeStamp": 1_700_000_000, "SyncFromOldSystem": 5,
    "MsgBody": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]],
    "OfflinePushInfo": ["PushFlag": 0, "Desc": "d", "ApnsInfo": ["Sound": "s", "BadgeMode": 0]],
    "SendMsgControl": ["NoUnread"], "CloudCustomData": "c", "MsgKey": "1_2_3",
    "Report_Account": "ben", "Peer_Account": "ann", "MsgReadTime": 5, "GroupId": "g1",
    "Type": "Public", "Name": "n", "Owner_Account": "ann", "Member_Account": "ben",
    "MemberList": [["Member_Account": "ben"]], "MemberToDel_Account": ["ben"], "Random": 3,
    "MsgFlag": "Discard", "NameCard": "c", "NewOwner_Account": "ben", "GroupIdList": ["g1"],
    "UnreadMsgNum": 2, "Content": "x", "ToMembers_Account": ["ben"], "Limit": 2, "Offset": 0,
    "MsgSeqList": [["MsgSeq": 1]], "GroupAtInfo": [["GroupAtAllFlag": 1]], "UserID": "ann",
    "AccountList": ["ann"], "CheckItem": [["UserID": "ann"]], "DeleteItem": [["UserID": "zed"]],
    "ProfileItem": [["Tag": "Tag_Profile_IM_Nick", "Value": "N"]],
    "TagList": ["Tag_Profile_IM_Nick"], "IsNeedDetail": 1, "TaskIds": ["x"],
    "Condition": ["TagsOr": ["a"]], "AttrNames": ["0": "sex"],
    "UserAttrs": [["To_Account": "ann", "Attrs": ["sex": "f"]]],
    "UserTags": [["To_Account": "ann", "Tags": ["a"]]],
  ]

  private mutating func value(_ depth: Int) -> JSON {
    switch Int.random(in: 0..<9, using: &random) {
    case 0: .null
    case 1: .bool(random.chance(50))
    case 2: .integer(Int64.random(in: -5...5_000_000_000, using: &random))
    case 3: .number("1e400")
    case 4: .string(random.pick(["", "ann", "\u{0}", "😀", String(repeating: "é", count: 40), "7"]))
    case 5 where depth > 0: .array((0..<3).map { _ in value(depth - 1) })
    case 6 where depth > 0:
      .object([
        JSON.Member("MsgType", value(depth - 1)), JSON.Member("MsgContent", value(depth - 1)),
      ])
    case 7: ["ann", "ben"]
    default: 1
    }
  }
}
