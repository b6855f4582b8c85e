import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct ShowXiaomiCredentials {
  @Test func aWrongSecretBlamesTheCredential() async throws {
    try await XiaomiRig.with { rig async throws in
      let result = try await rig.send("reg1") { $0.secret = SecretText("another") }
      #expect(VendorRow.blamesCredential(21301).fits(result))
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func aPackageOfAnotherAppBlamesTheCredential() async throws {
    try await XiaomiRig.with { rig async throws in
      let result = try await rig.send("reg1") { $0.topics = ["org.example.other"] }
      #expect(VendorRow.blamesCredential(22022).fits(result))
    }
  }

  @Test func noPackageIsAMisfit() async throws {
    try await XiaomiRig.with { rig async throws in
      #expect(try await rig.send("reg1") { $0.topics = [] }.reason == "topic_missing")
    }
  }

  @Test func isProvenWithoutRingingAnyPhone() async throws {
    try await XiaomiRig.with { rig async throws in
      #expect(try await rig.prove() == .works)
      rig.clock.advance(.seconds(1))
      let proof = try await rig.prove { $0.secret = SecretText("another") }
      #expect(proof == .refused("21301"))
      rig.simulator.inject(.init(.answer(.text("", status: 502)), path: "/v1/trace/quota/get"))
      #expect(try await rig.prove() == .unreachable("http_502"))
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  private static let hosts: [(String?, String)] = [
    (nil, "api.xmpush.xiaomi.com"), ("china", "api.xmpush.xiaomi.com"),
    ("global", "api.xmpush.global.xiaomi.com"),
    ("singapore", "sgp-api.xmpush.global.xiaomi.com"),
    ("europe", "fr-api.xmpush.global.xiaomi.com"),
    ("india", "idmb-api.xmpush.global.xiaomi.com"),
    ("russia", "ru-api.xmpush.global.xiaomi.com"),
  ]

  @Test(arguments: hosts) func goesToItsRegion(region: String?, host: String) throws {
    let settings = JSON.object(present: [("region", region.map { .string($0) })])
    let credential = try XiaomiCredential(settings: settings, secret: SecretText("s"))
    #expect(credential.host == host)
    #expect(credential.origin == "https://" + host)
  }

  private static let wrong: [(JSON, String, String)] = [
    (["region": "mars"], "s", "settings.region"), ([:], "", "secret"), ([:], "a b", "secret"),
    (["app_secret": "s"], "s", "settings.app_secret"),
    (["url": "http://localhost"], "s", "settings.url"),
    (
      ["receipt_url": .string("https://x/" + String(repeating: "y", count: 120))], "s",
      "settings.receipt_url"
    ),
    (["requests_per_second": 0], "s", "settings.requests_per_second"),
  ]

  @Test(arguments: wrong)
  func whatIsWrongIsNamed(settings: JSON, secret: String, field: String) {
    let error = #expect(throws: FieldError.self) {
      try XiaomiCredential(settings: settings, secret: SecretText(secret))
    }
    #expect(error?.field == field)
    #expect(error.map { !$0.description.contains("a b") } == true)
  }

  @Test func thePaceIsTheCredentials() throws {
    let credential = try XiaomiCredential(
      settings: ["requests_per_second": 500], secret: SecretText("s"))
    #expect(XiaomiChannel.pace(credential) == Pace.Limits(perSecond: 500))
  }
}
