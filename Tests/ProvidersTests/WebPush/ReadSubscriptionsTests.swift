import Crypto
import Foundation
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite struct ReadSubscriptions {
  private static let point =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
  private static let auth = "BTBZMqHH6r4Tts7J_aSIgg"

  private static func text(
    _ endpoint: String = "https://push.example/abc", point: String = point, auth: String = auth
  ) -> String {
    #"{"endpoint":"\#(endpoint)","expirationTime":null,"keys":{"p256dh":"\#(point)","auth":"\#(auth)"}}"#
  }

  @Test(arguments: [
    text(), text(point: point + "=", auth: auth + "=="),
    text(auth: "BTBZMqHH6r4Tts7J/aSIgg=="),
    text("https://PUSH.example:443/abc"),
  ])
  func readsWhatBrowsersGive(_ token: String) throws {
    let subscription = try #require(WebPushSubscription(token))
    #expect(subscription.endpoint.origin == "https://push.example")
    #expect(WebPushSubscription.host(of: token) == "push.example")
  }

  private static let unreadable = [
    "", "abc", "[]", "{}", text("http://push.example/abc"), text("https://"),
    text("https://a@push.example/"), text("https://push.example/a b"),
    text("https://push.example/#a"), text(point: "BCVx"), text(point: ""),
    text(point: String(repeating: "B", count: 87)), text(auth: "BTBZ"), text(auth: ""),
    #"{"endpoint":"https://push.example/abc"}"#,
    #"{"endpoint":"https://push.example/abc","keys":{"p256dh":"\#(point)"}}"#,
  ]

  @Test(arguments: unreadable) func refusesWhatIsNone(_ token: String) async throws {
    #expect(WebPushSubscription(token) == nil)
    try await WebPushRig.with { rig async throws in
      let result = await rig.send(token)
      #expect(result.outcome == .rejected)
      #expect(result.reason == "subscription_malformed")
      #expect(result.blame == .delivery)
      #expect(result.invalidSince == nil)
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func keepsTheEndpointWhole() throws {
    let endpoint = "https://push.example/wpush/v2/gAAA_-%2F?x=1&y=~!$'()*+,;:@"
    #expect(WebPushSubscription(Self.text(endpoint))?.endpoint.url == endpoint)
  }
}

@Suite struct ReadWebAddresses {
  @Test func findsOriginAndHost() throws {
    let rows: [(String, String, String, Int)] = [
      ("https://push.example", "https://push.example", "push.example", 443),
      ("HTTPS://Push.Example:443/A", "https://push.example", "push.example", 443),
      ("https://push.example:8443/a", "https://push.example:8443", "push.example", 8_443),
      ("https://[2001:DB8::1]:8443/a", "https://[2001:db8::1]:8443", "2001:db8::1", 8_443),
      ("https://push.example?a=https://b/", "https://push.example", "push.example", 443),
      ("https://127.1/", "https://127.1", "127.1", 443),
    ]
    for (text, origin, host, port) in rows {
      let address = try #require(WebAddress(text), "\(text)")
      #expect(address.origin == origin)
      #expect(address.host == host)
      #expect(address.port == port)
    }
  }

  @Test(arguments: [
    "", "push.example", "//push.example", "http://push.example/", "https://", "https:///a",
    "https://:443/", "https://push.example:/", "https://push.example:0/",
    "https://push.example:65536/", "https://push.example:4x3/", "https://user@push.example/",
    "https://user:pass@push.example/", "https://push.example\\@inner.example/",
    "https://push.example/#a", "https://pu sh.example/", "https://püsh.example/",
    "https://push%2eexample/", "https://[::1/", "https://[push]/", "https://[fe80::1%25eth0]/",
    "https://push.example/ä", "https://push.example/\n",
  ])
  func takesNothingThatOthersMayReadOtherwise(_ text: String) {
    #expect(WebAddress(text) == nil)
  }

  @Test func followsWhereALocationLeads() throws {
    let address = try #require(WebAddress("https://push.example:8443/a/b?c"))
    #expect(address.following("/d")?.url == "https://push.example:8443/d")
    #expect(address.following("https://other.example/e")?.url == "https://other.example/e")
    #expect(address.following("//other.example/e") == nil)
    #expect(address.following("http://other.example/e") == nil)
    #expect(address.following("d") == nil)
  }
}
