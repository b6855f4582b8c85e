import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ShowHuaweiCredentials {
  private func read(
    _ settings: JSON = ["client_id": "104512345"], secret: String = "5b3f0c7a9e"
  ) throws -> HuaweiCredential {
    try HuaweiCredential(settings: settings, secret: SecretText(secret))
  }

  @Test func theSettingsChooseThePath() throws {
    let client = try read()
    #expect(client.path == "/v1/104512345/messages:send")
    #expect(client.origin == "https://push-api.cloud.huawei.com")
    #expect(client.host == "push-api.cloud.huawei.com")
    let project = try read(["client_id": "104512345", "project_id": "7"])
    #expect(project.path == "/v2/7/messages:send")
    let account = try read([:], secret: HuaweiRig.accountFile())
    #expect(account.path == "/v2/736430079244/messages:send")
    #expect(try read(["project_id": "8"], secret: HuaweiRig.accountFile()).path.contains("/8/"))
  }

  @Test func theLoginIsElsewhereUnlessAServerStandsForAll() throws {
    guard case .client(let session) = try read().login else {
      Issue.record("A client secret is no account.")
      return
    }
    #expect(session.url == "https://oauth-login.cloud.huawei.com/oauth2/v3/token")
    let elsewhere = try read(["client_id": "1", "url": "https://localhost:8443"])
    guard case .client(let session) = elsewhere.login else {
      Issue.record("A client secret is no account.")
      return
    }
    #expect(session.url == "https://localhost:8443/oauth2/v3/token")
    #expect(elsewhere.host == "localhost:8443")
  }

  @Test func whatDoesNotFitIsNamed() {
    let account = HuaweiRig.accountFile()
    let wrong: [(JSON, String, String)] = [
      ([:], "s", "settings.client_id"), (["client_id": ""], "s", "settings.client_id"),
      (["client_id": "1/2"], "s", "settings.client_id"),
      (["client_id": "1", "project_id": "../x"], "s", "settings.project_id"),
      (["client_id": "1", "click_intent": "intent://x"], "s", "settings.click_intent"),
      (["client_id": "1", "click_intent": "x#Intent;end"], "s", "settings.click_intent"),
      (["client_id": "1", "badge_class": ""], "s", "settings.badge_class"),
      (["client_id": "1", "requests_per_second": 0], "s", "settings.requests_per_second"),
      (["client_id": "1", "url": "http://x"], "s", "settings.url"),
      (["client_id": "1", "secret": "s"], "s", "settings.secret"),
      (["client_id": "1"], "", "secret"), (["client_id": "1"], "two words", "secret"),
      (["project_id": "a b"], account, "settings.project_id"),
      ([:], "{}", "secret"),
      ([:], HuaweiRig.accountFile(changing: [("private_key", "no PEM")]), "secret"),
      ([:], HuaweiRig.accountFile(changing: [("private_key", .null)]), "secret"),
      ([:], HuaweiRig.accountFile(changing: [("key_id", 7)]), "secret"),
      ([:], HuaweiRig.accountFile(changing: [("sub_account", "")]), "secret"),
      ([:], HuaweiRig.accountFile(changing: [("project_id", "a/b")]), "secret"),
      (
        [:],
        HuaweiRig.accountFile(changing: [("key_id", .string(String(repeating: "k", count: 513)))]),
        "secret"
      ),
    ]
    for (settings, secret, field) in wrong {
      let error = #expect(throws: FieldError.self) { try read(settings, secret: secret) }
      #expect(error?.field == field, "\(settings)")
      #expect(error?.description.contains("PRIVATE KEY") == false)
    }
  }

  @Test func theGuideNamesEverySetting() throws {
    let names = HuaweiChannel.guide.settings.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(
      Set(names) == [
        "client_id", "project_id", "badge_class", "receipt_id", "test", "click_action",
        "click_intent", "requests_per_second", "url", "trust_root",
      ])
  }

  @Test func huaweiIsAskedWithoutRingingAnyPhone() async throws {
    for secret in [HuaweiRig.secret, HuaweiRig.accountFile()] {
      try await HuaweiRig.with(secret: secret) { rig async throws in
        let proof = try await rig.prove()
        #expect(proof == .works)
        #expect(rig.simulator.receivedCount == 0)
      }
    }
  }

  @Test func aCheckSaysWhyACredentialIsRefused() async throws {
    try await HuaweiRig.with { rig async throws in
      let wrong: [(change: (inout StoredCredential) -> Void, code: String)] = [
        ({ $0.secret = SecretText("other") }, "1101"),
        ({ $0.settings = $0.settings.setting("project_id", to: "7") }, "80200001"),
        (
          { $0.secret = SecretText(HuaweiRig.accountFile(key: RSATestKeys.second)) }, "80200001"
        ),
      ]
      for row in wrong {
        let proof = try await rig.prove(changing: row.change)
        #expect(proof == .refused(row.code))
      }
      rig.simulator.inject(.init(.answer(.text("<html>", status: 502)), path: "/v1/"))
      #expect(try await rig.prove() == .unreachable("http_502"))
      // A token that nobody has is what Huawei is asked about.
      rig.simulator.inject(.init(.answer(.json(["code": "80300007"])), path: "/v1/"))
      #expect(try await rig.prove() == .works)
    }
  }
}
