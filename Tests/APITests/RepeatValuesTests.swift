import PushCore
import TestSupport
import Testing

@testable import API

/// What is wrong is shown as it was written, where it can be no secret and no text of a person.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct RepeatValues {
  @Test func showsAShortWordThatIsWrong() async throws {
    try await APIRig.run { rig in
      func quiet(_ hours: JSON) async throws -> Answer {
        try await rig.put("/v1/users/ann", ["quiet_hours": hours])
      }
      let message = PostMessages.message("m1").setting("expires_at", to: "tomorrow")
      for (answer, value) in [
        (try await quiet(["from": "25:00", "to": "07:00"]), "25:00"),
        (try await quiet(["from": "24:00", "to": "07:00"]), "24:00"),
        (
          try await quiet(["from": "22:00", "to": "07:00", "time_zone": "Mars/Olympus_Mons"]),
          "Mars/Olympus_Mons"
        ),
        (try await rig.post("/v1/messages", message), "tomorrow"),
        (
          try await rig.post("/v1/receipts", ["event": "opened", "delivery_id": "0c635ef1-2e9c"]),
          "0c635ef1-2e9c"
        ),
      ] {
        #expect(answer.status == 400 && answer.detail.contains(value), "\(answer.text)")
      }
    }
  }

  @Test func onlyMeasuresWhatMayBeMore() async throws {
    try await APIRig.run { rig in
      for text in ["we meet at the mill", String(repeating: "5ec7e7", count: 10)] {
        let answer = try await rig.put(
          "/v1/users/ann", ["muted_until": .string(text)])
        #expect(answer.status == 400 && answer.detail.contains("bytes"), "\(answer.text)")
        #expect(!answer.text.contains(text), "\(answer.text)")
      }
    }
  }
}
