import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ShowHonorCredentials {
  private func read(
    _ more: [(String, JSON?)] = [], secret: String = "s"
  ) throws -> HonorCredential {
    var settings: JSON = ["app_id": "104412345", "client_id": "f0e1d2c3"]
    for (name, value) in more {
      if let value {
        settings = settings.setting(name, to: value)
      } else {
        settings = .object((settings.members ?? []).filter { $0.key != name })
      }
    }
    return try HonorCredential(settings: settings, secret: SecretText(secret))
  }

  @Test func theAppsIDStandsInThePath() throws {
    let credential = try read()
    #expect(credential.path == "/api/v1/104412345/sendMessage")
    #expect(credential.host == "push-api.cloud.honor.com")
    #expect(credential.session.url == "https://iam.developer.honor.com/auth/token")
    let elsewhere = try read([("url", "https://localhost:8443")])
    #expect(elsewhere.host == "localhost:8443")
    #expect(elsewhere.session.url == "https://localhost:8443/auth/token")
  }

  @Test func whatDoesNotFitIsNamed() {
    let wrong: [([(String, JSON?)], String, String)] = [
      ([("app_id", nil)], "s", "settings.app_id"), ([("app_id", "a/b")], "s", "settings.app_id"),
      ([("client_id", nil)], "s", "settings.client_id"),
      ([("click_intent", "intent:x;end")], "s", "settings.click_intent"),
      ([("badge_class", "")], "s", "settings.badge_class"), ([("test", 1)], "s", "settings.test"),
      ([("receipt_id", "x")], "s", "settings.receipt_id"), ([], "", "secret"),
      ([], "two words", "secret"),
    ]
    for (more, secret, field) in wrong {
      let error = #expect(throws: FieldError.self) { try read(more, secret: secret) }
      #expect(error?.field == field, "\(more)")
    }
  }

  @Test func oneSessionServesAllPushesOfAnHour() async throws {
    try await HonorRig.with { rig async throws in
      for index in 0..<5 {
        let result = try await rig.send("t\(index)")
        #expect(result.outcome == .accepted)
      }
      #expect(rig.simulator.sessionsIssued == 1)
      rig.clock.advance(.seconds(3_600))
      #expect(try await rig.send("t1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
      rig.simulator.revokeSessions()
      #expect(try await rig.send("t1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 3)
    }
  }

  @Test func whoIsNotKnownGetsNoSession() async throws {
    try await HonorRig.with { rig async throws in
      let strangers: [(inout StoredCredential) -> Void] = [
        { $0.secret = SecretText("other") },
        { $0.settings = $0.settings.setting("client_id", to: "999") },
      ]
      for change in strangers {
        let result = try await rig.send("t1", changing: change)
        #expect(result.outcome == .retry)
        #expect(result.blame == .credential)
        #expect(result.status == 401)
        #expect(result.reason == "unauthorized_client")
        #expect(try await rig.prove(changing: change) == .refused("unauthorized_client"))
      }
      #expect(try await rig.prove() == .works)
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func anotherAppIsRefused() async throws {
    try await HonorRig.with { rig async throws in
      let result = try await rig.send("t1") {
        $0.settings = $0.settings.setting("app_id", to: "7")
      }
      #expect(VendorRow.blamesCredential(10205).fits(result))
      rig.simulator.simulation.register(
        HonorApp(appID: "8", clientID: "someone", clientSecret: "else"))
      let foreign = try await rig.send("t1") {
        $0.settings = $0.settings.setting("app_id", to: "8")
      }
      #expect(VendorRow.blamesCredential(403).fits(foreign))
    }
  }
}
