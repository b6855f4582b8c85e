import Foundation
import Ledger
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct EraseOverHTTP {
  @Test("G16: erases what is asked for, and says what went")
  func erases() async throws {
    try await APIRig.run { rig in
      _ = try await rig.put("/v1/users/ann", ["nickname": "Gone4711"])
      for id in ["m1", "m2"] {
        _ = try await rig.post("/v1/messages", PostMessages.message(id))
      }
      let one = try await rig.post("/v1/erasures", ["message": "m1", "reason": "request 1"])
      #expect(one.status == 200)
      #expect(one.json == ["erased": 1, "events": 1, "position": 4, "finished": true])
      let user = try await rig.post("/v1/erasures", ["user": "ann"])
      #expect(user.json["erased"] == 2)
      #expect(user.json["finished"] == true)
      let nothing = try await rig.post("/v1/erasures", ["before": "2000-01-01T00:00:00Z"])
      #expect(nothing.json == ["erased": 0, "events": 0, "finished": true])
      let left = try await LedgerReader(rig.pool).events(of: APIRig.demo, after: 0, limit: 10)
      #expect(left.allSatisfy { $0.event.content == nil })
    }
  }

  @Test("refuses a scope that is none, or several, and a place that is none")
  func refuses() async throws {
    try await APIRig.run { rig in
      for wrong: JSON in [
        [:], ["user": "ann", "message": "m1"], ["user": ""], ["before": "soon"],
        ["before": "2999-01-01T00:00:00Z"],
        ["user": "ann", "next": "there"], ["user": "ann", "next": "0.7.9.x"],
        ["user": "ann", "reason": .string(String(repeating: "x", count: 257))],
        ["user": "ann", "all": true],
      ] {
        let answer = try await rig.post("/v1/erasures", wrong)
        #expect(answer.status == 400, "\(wrong)")
      }
      let said = try await rig.post(
        "/v1/events",
        [
          "type": "content.erased",
          "data": [
            "erasure": "00000000-0000-4000-8000-000000000001", "scope": ["user": "ann"],
            "positions": [],
          ],
        ])
      #expect(said.status == 400)
      #expect(said.json["field"] == "type")
    }
  }

  @Test("goes on where a request before stopped")
  func goesOn() async throws {
    try await APIRig.run { rig in
      for id in ["m1", "m2", "m3"] {
        _ = try await rig.post("/v1/messages", PostMessages.message(id))
      }
      // Ends with the first digits of the SHA-256 of "user ann".
      let place = "2.0.3.00000000-0000-4000-8000-000000000001.e7990df4"
      for other: JSON in [["user": "bob"], ["message": "ann"], ["before": "2000-01-01T00:00:00Z"]] {
        let refused = try await rig.post(
          "/v1/erasures", other.setting("next", to: .string(place)))
        #expect(refused.status == 400, "\(other)")
        #expect(refused.json["field"] == "next")
      }
      let rest = try await rig.post("/v1/erasures", ["user": "ann", "next": .string(place)])
      #expect(rest.json["erased"] == 1)
      let left = try await LedgerReader(rig.pool).events(of: APIRig.demo, after: 0, limit: 10)
      #expect(left.map { $0.event.content == nil } == [false, false, true, true])
      #expect(left.last?.event.stream.rawValue == "erasure/00000000-0000-4000-8000-000000000001")
    }
  }
}
