import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct SignHuaweiSessions {
  @Test func aServiceAccountSignsItsOwn() async throws {
    try await HuaweiRig.with(secret: HuaweiRig.accountFile()) { rig async throws in
      let result = try await rig.send("t1")
      #expect(result.outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 0)
      rig.clock.advance(.seconds(3_600))
      #expect(try await rig.send("t1").outcome == .accepted)
    }
  }

  @Test func theAccountNeedsNoClient() async throws {
    try await HuaweiRig.with(secret: HuaweiRig.accountFile()) { rig async throws in
      let result = try await rig.send("t1") { stored in
        stored.settings = .object(
          (stored.settings.members ?? []).filter { $0.key != "client_id" })
      }
      #expect(result.outcome == .accepted)
    }
  }

  @Test func whatHuaweiDoesNotKnowIsRefused() async throws {
    let others: [(String, String)] = [
      (HuaweiRig.accountFile(key: RSATestKeys.second), "80200001"),
      (HuaweiRig.accountFile(changing: [("key_id", "key8")]), "80200001"),
      (HuaweiRig.accountFile(changing: [("sub_account", "1")]), "80200001"),
      (HuaweiRig.accountFile(changing: [("token_uri", "https://x.example/")]), "80200001"),
      (HuaweiRig.accountFile(changing: [("project_id", "other")]), "80300002"),
    ]
    for (file, code) in others {
      try await HuaweiRig.with(secret: file) { rig async throws in
        let result = try await rig.send("t1")
        #expect(result.outcome == .retry)
        #expect(result.blame == .credential)
        #expect(result.reason == code)
      }
    }
  }

  @Test func aClockThatIsWrongIsTheCredentialsFault() async throws {
    for (ahead, code) in [(Duration.seconds(600), "80200001"), (.seconds(-3_601), "80200005")] {
      try await HuaweiRig.with(secret: HuaweiRig.accountFile(), ahead: ahead) { rig async throws in
        let result = try await rig.send("t1")
        #expect(result.outcome == .retry)
        #expect(result.blame == .credential)
        #expect(result.reason == code)
      }
    }
  }

  @Test func aClientPushesForItsProject() async throws {
    let settings: [(String, JSON)] = [("project_id", .string(HuaweiRig.projectID))]
    try await HuaweiRig.with(settings: settings) { rig async throws in
      #expect(try await rig.send("t1").outcome == .accepted)
      let result = try await rig.send("t1") {
        $0.settings = $0.settings.setting("project_id", to: "7")
      }
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == "80200001")
    }
  }
}
