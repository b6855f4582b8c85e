import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct OpenOPPOSessions {
  private static let auth = "/server/v1/auth"

  @Test func oneSessionServesAllPushes() async throws {
    try await OPPORig.with { rig async throws in
      for number in 0..<5 {
        #expect(try await rig.send("CN_\(number)").outcome == .accepted)
      }
      #expect(rig.simulator.sessionsIssued == 1)
    }
  }

  /// Computed with another program over the same three texts.
  @Test func theSignatureIsWhatOPPOExpects() throws {
    let credential = try OPPOCredential(
      settings: ["app_key": "key"], secret: SecretText("secret"))
    #expect(
      credential.signature(milliseconds: "1800000000000")
        == "c7a197ee83a7089c733224668dc14d0846931e104ee347ee114de4f609c6a858")
  }

  @Test func aRefusedSessionIsMadeAnewOnce() async throws {
    try await OPPORig.with { rig async throws in
      #expect(try await rig.send("CN_1").outcome == .accepted)
      rig.simulator.revokeSessions()
      #expect(try await rig.send("CN_1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
      rig.simulator.setFate("11", of: "CN_1")
      #expect(try await VendorRow.blamesCredential(11).fits(rig.send("CN_1")))
      #expect(rig.simulator.sessionsIssued == 3)
    }
  }

  @Test func aSessionThatEndsIsFollowedByAnother() async throws {
    try await OPPORig.with { rig async throws in
      #expect(try await rig.send("CN_1").outcome == .accepted)
      rig.clock.advance(OPPOSession.lifetime)
      #expect(try await rig.send("CN_1").outcome == .accepted)
      #expect(rig.simulator.sessionsIssued == 2)
    }
  }

  @Test func aWrongSecretBlamesTheCredential() async throws {
    try await OPPORig.with { rig async throws in
      let result = try await rig.send("CN_1") { $0.secret = SecretText("another") }
      #expect(VendorRow.blamesCredential(16).fits(result))
      #expect(rig.simulator.receivedCount == 0)
      let stranger = try await rig.send("CN_1") {
        $0.settings = $0.settings.setting("app_key", to: "stranger")
      }
      #expect(VendorRow.blamesCredential(14).fits(stranger))
    }
  }

  @Test(arguments: [(601, false), (-601, false), (600, true), (-600, true)])
  func theClockMayBeWrongByTenMinutes(seconds: Int, isTaken: Bool) async throws {
    try await OPPORig.with(ahead: .seconds(seconds)) { rig async throws in
      let result = try await rig.send("CN_1")
      #expect(isTaken ? result.outcome == .accepted : VendorRow.blamesCredential(19).fits(result))
    }
  }

  /// Whatever the call for a session says, the push was not in it, and is not given up.
  @Test func noPushIsGivenUpForASession() async throws {
    let answers: [(SimulatedAnswer, AttemptBlame)] = [
      (.text("<html>"), .host), (.json(["code": 0, "data": [:]]), .host),
      (.text("", status: 500), .host), (.text("", status: 400), .credential),
      (.json(["code": 40]), .credential), (.json(["code": 10000]), .credential),
      (.json(["code": 32]), .credential), (.json(["code": 11]), .credential),
      (.json(["code": 13]), .pace), (.json(["code": -1]), .host),
    ]
    for (answer, blame) in answers {
      try await OPPORig.with { rig async throws in
        rig.simulator.inject(.init(.answer(answer), path: Self.auth))
        let result = try await rig.send("CN_1")
        #expect(result.outcome == .retry, "\(answer)")
        #expect(result.blame == blame, "\(answer)")
        #expect(rig.simulator.receivedCount == 0)
      }
    }
    try await OPPORig.with { rig async throws in
      rig.simulator.inject(.init(.close(accepted: true), path: Self.auth))
      let result = try await rig.send("CN_1")
      #expect(result.outcome == .retry)
    }
  }

  @Test func isProvenByASession() async throws {
    try await OPPORig.with { rig async throws in
      #expect(try await rig.prove() == .works)
      #expect(try await rig.prove { $0.secret = SecretText("another") } == .refused("16"))
      rig.simulator.inject(.init(.answer(.text("", status: 502)), path: Self.auth))
      #expect(
        try await rig.prove { $0.id = "other" } == .unreachable("http_502"))
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  private static let tokens: [(String, String)] = [
    ("abc", "api.push.oppomobile.com"), ("CN_abc", "api.push.oppomobile.com"),
    ("OPPO_CN_abc", "api.push.oppomobile.com"), ("IN_abc", "api-intl.push.oppomobile.com"),
    ("REALME_IN_abc", "api-intl.push.oppomobile.com"), ("CN_a_b", "api-intl.push.oppomobile.com"),
    ("a_b_CN_d", "api-intl.push.oppomobile.com"),
  ]

  @Test(arguments: tokens) func aTokenSaysWhereItBelongs(token: String, host: String) throws {
    let credential = try OPPOCredential(settings: ["app_key": "k"], secret: SecretText("s"))
    let request = try OPPORig.request(token, expiresAt: Timestamp(microseconds: 0))
    #expect(OPPOChannel.host(of: request, credential) == host)
    let elsewhere = try OPPOCredential(
      settings: ["app_key": "k", "url": "https://localhost:9"], secret: SecretText("s"))
    #expect(OPPOChannel.host(of: request, elsewhere) == "localhost:9")
  }

  private static let wrong: [(JSON, String, String)] = [
    ([:], "s", "settings.app_key"), (["app_key": "k"], "", "secret"),
    (["app_key": "k"], "a b", "secret"),
    (["app_key": "k", "region": "mars"], "s", "settings.region"),
    (["app_key": "k", "master_secret": "s"], "s", "settings.master_secret"),
    (
      [
        "app_key": "k",
        "receipt_url": .string("https://x/" + String(repeating: "y", count: 191)),
      ], "s", "settings.receipt_url"
    ),
  ]

  @Test(arguments: wrong)
  func whatIsWrongIsNamed(settings: JSON, secret: String, field: String) {
    let error = #expect(throws: FieldError.self) {
      try OPPOCredential(settings: settings, secret: SecretText(secret))
    }
    #expect(error?.field == field)
  }
}
