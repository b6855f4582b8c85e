import PushCore
import Simulators
import Testing

@testable import Providers

/// The signature of each of Meizu's requests, and the credential it is made with.
@Suite struct SignRequestsToMeizu {
  private static let ids: [(String, JSON)] = [("app_id", "110370")]

  @Test func isOverSortedFieldsAsTheyAreAndTheSecret() throws {
    let credential = try MeizuRig.read(Self.ids, secret: "s3cret")
    // md5sum of: appId=110370messageJson={"a":"ü &=+"}pushIds=id-1,id-2s3cret
    #expect(
      credential.sign([
        ("pushIds", "id-1,id-2"), ("appId", "110370"), ("messageJson", #"{"a":"ü &=+"}"#),
      ]) == "ba0329a7d99b86eef27b32d5d4fea041")
  }

  @Test func isTakenForAnyText() async throws {
    try await MeizuRig.with { rig async throws in
      let request = try rig.request("id-1", ext: "a=b&c=%20+ 好😀\n\"\\/")
      let result = await rig.send(request)
      #expect(result.outcome == .accepted)
      #expect(
        rig.simulator.received().first?.note["ext"]?.string == request.notification.ext)
    }
  }

  @Test func isRefusedWithAnotherSecret() async throws {
    try await MeizuRig.with(secret: "another") { rig async throws in
      let result = try await rig.send("id-1")
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(result.reason == "1006")
    }
  }

  @Test(arguments: [
    (MeizuApp(appID: 1, appSecret: MeizuRig.app.appSecret), "110000"),
    (
      MeizuApp(
        appID: MeizuRig.app.appID, appSecret: MeizuRig.app.appSecret, isBanned: true), "110009"
    ),
  ])
  func isOfNoUseForAnAppThatMayNot(_ app: MeizuApp, _ code: String) async throws {
    try await MeizuRig.with(app: { $0 = app }) { rig async throws in
      let result = try await rig.send("id-1")
      #expect(result.blame == .credential)
      #expect(result.reason == code)
    }
  }

  @Test func canNotBeProvedWithoutAPush() async throws {
    try await MeizuRig.with { rig async throws in
      let proof = try await rig.prove()
      guard case .cannotTell = proof else {
        Issue.record("It told \(proof).")
        return
      }
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func goesToMeizuUnlessItIsToldOtherwise() throws {
    let here = try MeizuRig.read(Self.ids)
    #expect(here.origin == "https://server-api-push.meizu.com")
    #expect(MeizuChannel.pace(here) == .unlimited)
    let abroad = try MeizuRig.read(
      Self.ids + [
        ("url", "https://server-api-push.in.meizu.com"), ("requests_per_second", 100),
      ])
    #expect(abroad.host == "server-api-push.in.meizu.com")
    #expect(MeizuChannel.pace(abroad) == Pace.Limits(perSecond: 100))
  }

  @Test(
    arguments: [
      ("settings.app_id", []),
      ("settings.app_id", [("app_id", "x")]),
      ("settings.url", ids + [("url", "https://push.example/path")]),
      ("settings.trust_root", ids + [("trust_root", "no PEM")]),
      ("settings.receipt_url", ids + [("receipt_url", "push.example")]),
      ("settings.requests_per_second", ids + [("requests_per_second", "fast")]),
      ("settings.app_key", ids + [("app_key", "k")]),
    ] as [(String, [(String, JSON)])])
  func namesTheSettingAtFault(_ field: String, _ settings: [(String, JSON)]) {
    #expect { try MeizuRig.read(settings) } throws: { error in
      (error as? FieldError)?.field == field
    }
  }

  @Test(arguments: ["", "two words"]) func refusesWhatIsNoSecret(_ secret: String) {
    #expect { try MeizuRig.read(Self.ids, secret: secret) } throws: { error in
      (error as? FieldError)?.field == "secret"
    }
  }
}
