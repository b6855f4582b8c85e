import Crypto
import Foundation
import NIOSSL
import PushCore
import Simulators
import SwiftASN1
import Synchronization
import Testing
import X509

@Suite("AuthenticateConnections") struct AuthenticateConnections {
  final class ManualClock: Sendable {
    private let instant = Mutex(Timestamp(microseconds: 1_800_000_000_000_000))
    var now: Timestamp { instant.withLock { $0 } }
    func move(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
  }

  @Test(arguments: [TestKey.Form.raw, .der], [false, true])
  func takesBothFormsOfSignatureAndTime(form: TestKey.Form, asDigits: Bool) async throws {
    try await TestBench.run { bench in
      let token = try bench.key.token(form: form, asDigits: asDigits)
      #expect(try await bench.connect().push(TestPush(token)).status == 200)
    }
  }

  private func reason(
    _ bench: TestBench, _ authorization: String
  ) async throws -> String {
    try await bench.connect().push(TestPush(authorization)).bodyText
  }

  @Test func refusesAForgedToken() async throws {
    try await TestBench.run { bench in
      let sameNames = TestKey()
      let otherKey = TestKey(keyID: "KEY9999999")
      let forged = try [
        sameNames.token(), otherKey.token(), bench.key.token(algorithm: "none"),
        String(bench.authorization.dropLast(2)),
      ]
      for authorization in forged {
        let found = try await reason(bench, authorization)
        #expect(found == #"{"reason":"InvalidProviderToken"}"#)
      }
    }
  }

  @Test func refusesATokenOfTheOtherEnvironment() async throws {
    try await TestBench.run {
      $0.keys[0].environment = .production
    } _: { bench in
      let found = try await reason(bench, bench.authorization)
      #expect(found == #"{"reason":"BadEnvironmentKeyIdInToken"}"#)
    }
  }

  @Test func refusesATopicThatTheKeyDoesNotCover() async throws {
    try await TestBench.run {
      $0.keys[0].topics = ["org.example.chat"]
    } _: { bench in
      let client = try await bench.authenticated()
      let voip = bench.push.with("apns-push-type", "voip")
        .with("apns-topic", "org.example.chat.voip")
      #expect(try await client.push(voip).status == 200)
      let other = try await client.push(bench.push.with("apns-topic", "org.example.other"))
      #expect(other.bodyText == #"{"reason":"TopicDisallowed"}"#)
    }
  }

  @Test func endsATokenAfterAnHourAndTheConnectionWithIt() async throws {
    let clock = ManualClock()
    try await TestBench.run {
      $0.clock = { clock.now }
    } _: { bench in
      let client = try await bench.connect()
      let push = try TestPush(bench.key.token(issuedAt: clock.now.seconds))
      #expect(try await client.push(push).status == 200)
      clock.move(by: .seconds(3_600))
      #expect(try await client.push(push).status == 200)
      clock.move(by: .seconds(1))
      let expired = #"{"reason":"ExpiredProviderToken"}"#
      #expect(try await client.push(push).bodyText == expired)
      let fresh = try TestPush(bench.key.token(issuedAt: clock.now.seconds))
      #expect(try await client.push(fresh).bodyText == expired)
      #expect(try await bench.connect().push(fresh).status == 200)
      let early = try TestPush(bench.key.token(issuedAt: clock.now.seconds + 3_601))
      #expect(try await bench.connect().push(early).bodyText == expired)
    }
  }

  @Test func takesANewTokenEveryTwentyMinutes() async throws {
    let clock = ManualClock()
    try await TestBench.run {
      $0.clock = { clock.now }
    } _: { bench in
      let client = try await bench.connect()
      let first = try TestPush(bench.key.token(issuedAt: clock.now.seconds))
      #expect(try await client.push(first).status == 200)
      clock.move(by: .seconds(1_200))
      let second = try TestPush(bench.key.token(issuedAt: clock.now.seconds))
      #expect(try await client.push(second).status == 200)
      #expect(try await client.push(first).status == 200, "an older token is no new one")
      clock.move(by: .seconds(1_199))
      let third = try TestPush(bench.key.token(issuedAt: clock.now.seconds))
      let answer = try await client.push(third)
      #expect(answer.status == 429)
      #expect(answer.bodyText == #"{"reason":"TooManyProviderTokenUpdates"}"#)
      #expect(try await client.push(second).status == 429, "the connection is of no use now")
      #expect(try await bench.connect().push(third).status == 200)
      clock.move(by: .seconds(1_200))
      #expect(try await client.push(second).status == 200)
    }
  }

  @Test func takesATokenThatWasMintedBeforeTheConnection() async throws {
    let clock = ManualClock()
    try await TestBench.run {
      $0.clock = { clock.now }
    } _: { bench in
      let client = try await bench.connect()
      let old = try TestPush(bench.key.token(issuedAt: clock.now.seconds - 2_700))
      #expect(try await client.push(old).status == 200)
      clock.move(by: .seconds(300))
      let fresh = try TestPush(bench.key.token(issuedAt: clock.now.seconds))
      #expect(try await client.push(fresh).status == 200)
    }
  }

  @Test func bindsAConnectionToItsFirstTeamAndKey() async throws {
    let otherTeam = TestKey(teamID: "TEAM000002")
    let otherKey = TestKey(keyID: "KEY0000002")
    let relatedKey = TestKey(keyID: "KEY0000003")
    try await TestBench.run {
      $0.keys[0].relatedKeyID = "KEY0000003"
      $0.keys += [otherTeam.registered, otherKey.registered, relatedKey.registered]
    } _: { bench in
      let client = try await bench.authenticated()
      #expect(
        try await client.push(TestPush(otherTeam.token())).bodyText
          == #"{"reason":"InvalidProviderToken"}"#)
      #expect(
        try await client.push(TestPush(otherKey.token())).bodyText
          == #"{"reason":"UnrelatedKeyIdInToken"}"#)
      #expect(try await client.push(TestPush(relatedKey.token())).status == 200)
      #expect(try await bench.connect().push(TestPush(otherKey.token())).status == 200)
    }
  }

  @Test func followsKeysThatComeAndGo() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      bench.simulator.removeKey(teamID: bench.key.teamID, keyID: bench.key.keyID)
      #expect(
        try await client.push(bench.push).bodyText == #"{"reason":"InvalidProviderToken"}"#)
      try bench.simulator.register(bench.key.registered)
      #expect(try await client.push(bench.push).status == 200)
      #expect(throws: APNsSimulatorError.badKey(keyID: "K")) {
        try bench.simulator.register(
          APNsSimulatorKey(teamID: "T", keyID: "K", publicKeyPEM: "no key"))
      }
    }
  }

  // MARK: Client certificates

  struct ClientIdentity {
    var pem: String
    var options = PushClient.Options()

    init(_ name: String) throws {
      let key = P256.Signing.PrivateKey()
      let subject = try DistinguishedName { CommonName(name) }
      let certificate = try Certificate(
        version: .v3, serialNumber: Certificate.SerialNumber(),
        publicKey: Certificate.PublicKey(key.publicKey), notValidBefore: Date() - 60,
        notValidAfter: Date() + 3_600, issuer: subject, subject: subject,
        extensions: Certificate.Extensions(), issuerPrivateKey: Certificate.PrivateKey(key))
      pem = try certificate.serializeAsPEM().pemString
      options.certificateChain = [
        .certificate(try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem))
      ]
      options.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem))
    }
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func takesAClientCertificateInPlaceOfAToken(tls: TLSVersion) async throws {
    var identity = try ClientIdentity("chat")
    identity.options.maximumTLSVersion = tls
    let pem = identity.pem
    try await TestBench.run {
      $0.clientCertificates = [.init(certificatePEM: pem, topics: ["org.example.chat"])]
    } _: { bench in
      let client = try await bench.connect(identity.options)
      try await client.until { $0.limits == [1_000] }
      let push = TestPush(nil).with("apns-topic", nil)
      #expect(try await client.push(push).status == 200)
      #expect(bench.simulator.received().pushes.last?.topic == "org.example.chat")
      let other = try await client.push(TestPush(nil).with("apns-topic", "org.example.other"))
      #expect(other.bodyText == #"{"reason":"TopicDisallowed"}"#)
      let location = TestPush(nil).with("apns-push-type", "location")
        .with("apns-topic", "org.example.chat.location-query")
      #expect(try await client.push(location).bodyText == #"{"reason":"Forbidden"}"#)
      #expect(try await bench.connect().push(bench.push).status == 200, "tokens still do")
    }
  }

  @Test func wantsATopicOfACertificateWithSeveral() async throws {
    let identity = try ClientIdentity("chat")
    try await TestBench.run {
      $0.clientCertificates = [
        .init(certificatePEM: identity.pem, topics: ["org.example.chat", "org.example.chat.voip"])
      ]
    } _: { bench in
      let answer = try await bench.connect(identity.options)
        .push(TestPush(nil).with("apns-topic", nil))
      #expect(answer.bodyText == #"{"reason":"MissingTopic"}"#)
    }
  }

  @Test func refusesAnUnknownOrMisplacedCertificate() async throws {
    let known = try ClientIdentity("known")
    let unknown = try ClientIdentity("unknown")
    try await TestBench.run {
      $0.clientCertificates = [
        .init(
          certificatePEM: known.pem, topics: ["org.example.chat"], environment: .production)
      ]
    } _: { bench in
      let bad = try await bench.connect(unknown.options).push(TestPush(nil))
      #expect(bad.bodyText == #"{"reason":"BadCertificate"}"#)
      let misplaced = try await bench.connect(known.options).push(TestPush(nil))
      #expect(misplaced.bodyText == #"{"reason":"BadCertificateEnvironment"}"#)
    }
  }
}
