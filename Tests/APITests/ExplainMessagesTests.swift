import Foundation
import Ledger
import Projections
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ExplainMessages {
  private func prepare(_ rig: APIRig) async throws {
    _ = try await rig.put(ReportMessages.device, ReportMessages.registration)
    _ = try await rig.put(
      "/v1/users/bob/devices/tablet", ReportMessages.registration.setting("token", to: "d"))
    _ = try await rig.put("/v1/users/bob/devices/tablet/state", ["state": "foreground"])
    _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
  }

  @Test("explains a message right after it was sent, for one user or one device")
  func explains() async throws {
    try await APIRig.run { rig in
      try await prepare(rig)
      let answer = try await rig.get("/v1/messages/m1/explanation")
      #expect(answer.status == 200, "\(answer.text)")
      #expect(answer.json["agrees"] == true)
      #expect(answer.json["projected"] == true)
      #expect(answer.json["notification"] == nil)
      #expect(!answer.text.contains("Hello"))
      #expect(!answer.text.contains("aabbcc"))
      let recipient = try #require(answer.json["explained"]?.array?.first)
      #expect(recipient["user"] == "bob")
      let decisions = try #require(recipient["decisions"]?.array)
      #expect(decisions.map { $0["device"] } == ["phone", "tablet"])
      #expect(decisions[0]["decision"] == "push")
      #expect(decisions[0]["rule"]?["number"] == "2.13")
      #expect(decisions[0]["delivery"]?["status"] == "due")
      #expect(decisions[1]["reason"] == "foreground")
      #expect(decisions[1]["rule"]?["number"] == "2.12")
      #expect(decisions[1]["known"]?["since"]?["type"] == "device.foregrounded")
      let tablet = try await rig.get("/v1/messages/m1/explanation?user=bob&device=tablet")
      #expect(tablet.json["explained"]?.array?.first?["decisions"]?.array?.count == 1)
      let content = try await rig.get("/v1/messages/m1/explanation?content=true")
      #expect(content.json["notification"]?["text"]?.string?.contains("Hello") == true)
      let sender = try await rig.get("/v1/messages/m1/explanation?user=ann")
      #expect(
        sender.json["explained"]?.array?.first?["excluded"]?["code"] == "is_the_sender")
    }
  }

  @Test("refuses what it cannot explain, by name")
  func refuses() async throws {
    try await APIRig.run { rig in
      _ = try await rig.post(
        "/v1/groups/g/members", ["add": [["user": "ann"], ["user": "bob"]]])
      _ = try await rig.post("/v1/messages", PostMessages.message("m2", to: ["group": "g"]))
      let unknown = try await rig.get("/v1/messages/none/explanation")
      #expect(unknown.status == 404)
      #expect(unknown.code == "message_unknown")
      let device = try await rig.get("/v1/messages/m2/explanation?device=phone")
      #expect(device.status == 422 || device.status == 400)
      #expect(device.json["field"] == "user")
      let both = try await rig.get("/v1/users/bob/timeline?after=1&before=2")
      #expect(both.json["field"] == "before")
    }
  }

  @Test("shows histories of users, devices and groups in pages, forwards and backwards")
  func showsHistories() async throws {
    try await APIRig.run { rig in
      try await prepare(rig)
      _ = try await rig.get("/v1/messages/m1")
      func positions(_ path: String) async throws -> [Int64] {
        let answer = try await rig.get(path)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(!answer.text.contains("Hello"))
        #expect(!answer.text.contains("aabbcc"))
        return answer.json["entries"]?.array?.compactMap { $0["position"]?.integer } ?? []
      }
      let all = try await positions("/v1/users/bob/timeline")
      #expect(all.count == 4)
      #expect(all == all.sorted())
      var back: [Int64] = []
      var before = ""
      for _ in 0..<4 {
        let page = try await rig.get("/v1/users/bob/timeline?limit=1" + before)
        back += page.json["entries"]?.array?.compactMap { $0["position"]?.integer } ?? []
        before = page.json["previous"]?.integer.map { "&before=\($0)" } ?? ""
      }
      #expect(back == all.reversed())
      #expect(before.isEmpty)
      let first = try await rig.get("/v1/users/bob/timeline?after=0&limit=3")
      let next = try #require(first.json["next"]?.integer)
      #expect(try await positions("/v1/users/bob/timeline?after=\(next)") == [all[3]])
      #expect(try await positions("/v1/users/bob/devices/tablet/timeline").count == 3)
      #expect(try await positions("/v1/groups/none/timeline") == [])
      let device = try await rig.get("/v1/users/bob/devices/phone/timeline?content=true")
      let last = try #require(device.json["entries"]?.array?.last)
      #expect(last["deliveries"]?.array?.first?["status"] == "due")
      #expect(device.text.contains("Hello"))
      #expect(!device.text.contains("aabbcc"), "a token is shown to nobody")
    }
  }
}
