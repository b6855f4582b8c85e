import Crypto
import Foundation
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite struct EncryptForBrowsers {
  private func bytes(_ text: String) throws -> [UInt8] {
    Array(try #require(Base64URL.decode(text)))
  }

  /// RFC 8291, section 5 and appendix A.
  @Test func makesTheExampleOfTheRFC() throws {
    let recipient = try #require(
      WebPushEncryption.Recipient(
        publicKey: try bytes(
          "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        auth: try bytes("BTBZMqHH6r4Tts7J_aSIgg")))
    let body = try WebPushEncryption.encrypt(
      Array("When I grow up, I want to be a watermelon".utf8), for: recipient,
      sender: try P256.KeyAgreement.PrivateKey(
        rawRepresentation: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")),
      salt: try bytes("DGv6ra1nlYgDCS1FRnbzlw"))
    #expect(
      Base64URL.encode(Data(body))
        == "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc"
        + "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV"
        + "WGNWQexSgSxsj_Qulcy4a-fN")
  }

  @Test func neverUsesAKeyOrASaltTwice() throws {
    let browser = P256.KeyAgreement.PrivateKey()
    let recipient = try #require(
      WebPushEncryption.Recipient(
        publicKey: Array(browser.publicKey.x963Representation), auth: Array(repeating: 1, count: 16)
      ))
    let first = try WebPushEncryption.encrypt([1], for: recipient)
    let second = try WebPushEncryption.encrypt([1], for: recipient)
    #expect(first[..<16] != second[..<16])
    #expect(first[21..<86] != second[21..<86])
  }

  @Test func fillsABodyOfTheLargestSizeExactly() throws {
    let browser = P256.KeyAgreement.PrivateKey()
    let recipient = try #require(
      WebPushEncryption.Recipient(
        publicKey: Array(browser.publicKey.x963Representation), auth: Array(repeating: 1, count: 16)
      ))
    let body = try WebPushEncryption.encrypt(
      Array(repeating: 0x78, count: WebPushEncryption.plaintextBytes), for: recipient)
    #expect(body.count == 4_096)
  }

  @Test(arguments: [[UInt8](), [4, 1, 2], Array(repeating: 4, count: 65)])
  func takesNoKeyThatIsNone(_ key: [UInt8]) {
    #expect(WebPushEncryption.Recipient(publicKey: key, auth: []) == nil)
  }

  @Test func aBrowserReadsWhatWasWritten() async throws {
    try await WebPushRig.with { rig async throws in
      let browser = try rig.subscribe()
      #expect(await rig.send(browser, text: "héllo 👋").outcome == .accepted)
      #expect(rig.shown(browser).map { $0["body"]?.string } == ["héllo 👋"])
      // Nothing of it is on the wire.
      let wire = try #require(rig.simulator.received().first?.payload)
      #expect(!String(decoding: wire, as: UTF8.self).contains("llo"))
    }
  }
}
