import PushCore
import Testing

@testable import Providers

/// What a credential for vivo is made of.
@Suite struct ReadCredentialsOfVivo {
  private static let ids: [(String, JSON)] = [("app_id", "10004"), ("app_key", "k")]

  @Test func sendsToVivoUnlessItIsToldOtherwise() throws {
    let material = try VivoRig.read(Self.ids)
    #expect(material.origin == "https://api-push.vivo.com.cn")
    #expect(material.host == "api-push.vivo.com.cn")
    #expect(material.appID == 10_004)
    #expect(material.requestsPerSecond == nil)
    #expect(VivoChannel.pace(material) == .unlimited)
  }

  @Test func keepsToTheSpeedThatIsSaid() throws {
    let material = try VivoRig.read(Self.ids + [("requests_per_second", "500")])
    #expect(VivoChannel.pace(material) == Pace.Limits(perSecond: 500))
  }

  @Test(
    arguments: [
      ("settings.app_id", [("app_key", "k")]),
      ("settings.app_id", [("app_id", "x"), ("app_key", "k")]),
      ("settings.app_key", [("app_id", 10004)]),
      ("settings.url", ids + [("url", "http://push.example")]),
      ("settings.trust_root", ids + [("trust_root", "no PEM")]),
      ("settings.receipt_url", ids + [("receipt_url", "http://push.example")]),
      (
        "settings.receipt_url",
        ids + [("receipt_url", .string("https://" + String(repeating: "x", count: 121)))]
      ),
      ("settings.requests_per_second", ids + [("requests_per_second", 0)]),
      ("settings.test", ids + [("test", "yes")]),
      ("settings.app_secret", ids + [("app_secret", "s")]),
    ] as [(String, [(String, JSON)])])
  func namesTheSettingAtFault(_ field: String, _ settings: [(String, JSON)]) {
    #expect { try VivoRig.read(settings) } throws: { error in
      (error as? FieldError)?.field == field
    }
  }

  @Test(arguments: ["", "two words", "schlüssel"]) func refusesWhatIsNoSecret(_ secret: String) {
    #expect { try VivoRig.read(Self.ids, secret: secret) } throws: { error in
      (error as? FieldError)?.field == "secret"
    }
  }
}
