import Crypto
import PushCore
import Simulators
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(2))) struct UseCertificate {
  private func error(
    _ pem: String, topics: [String] = [], environment: String? = nil, settings: JSON = [:]
  ) -> FieldError? {
    do {
      _ = try ProviderCredential(
        TestCredential.stored(
          topics: topics, environment: environment, pem: pem, settings: settings))
      return nil
    } catch {
      return error
    }
  }

  @Test func whatTheCertificateIsForIsReadFromIt() throws {
    let certificate = try PushCertificate(
      topic: "org.example.chat", topics: ["org.example.chat", "org.example.chat.voip"],
      environments: [2])
    let credential = try ProviderCredential(
      TestCredential.stored(environment: "production", pem: certificate.pem, settings: [:]))
    #expect(credential.topics == ["org.example.chat", "org.example.chat.voip"])
    guard let apns = credential.material as? APNsCredential else { return }
    #expect(apns.kind == "certificate")
    #expect(apns.expiresAt == Timestamp(microseconds: 4_000_000_000_000_000))
    #expect(apns.scope.environments == [.production])
  }

  /// Row 10 of what goes wrong elsewhere: the error says which does not fit.
  @Test func topicsAndEnvironmentsOfAnotherCertificateAreNamed() throws {
    let production = try PushCertificate(topic: "org.example.chat", environments: [2]).pem
    #expect(
      error(production, topics: ["org.example.other"], environment: "production")?.field
        == "topics[0]")
    #expect(error(production, environment: "sandbox")?.field == "environment")
    #expect(error(production)?.field == "environment")
    #expect(error(production, environment: "production") == nil)
    let both = try PushCertificate(topic: "org.example.chat", environments: [1, 2]).pem
    #expect(error(both) == nil)
    #expect(error(both, environment: "sandbox") == nil)
    #expect(error(try PushCertificate(topic: nil).pem, topics: ["anything"]) == nil)
  }

  @Test func certificateAndKeyMustBelongTogether() throws {
    let one = try PushCertificate(topic: "a")
    let other = try PushCertificate(topic: "a")
    #expect(error(one.certificatePEM + "\n" + other.keyPEM)?.field == "secret")
    #expect(error(one.certificatePEM)?.code == .missing)
    #expect(error(one.keyPEM + "\n" + one.certificatePEM) == nil)
    #expect(error(one.pem, settings: ["team_id": "TEAM000001"])?.field == "settings.team_id")
  }

  /// No token, no warm-up: a certificate's connection starts at the server's full limit.
  @Test func pushesGoOutUnderTheCertificate() async throws {
    let certificate = try PushCertificate(topic: APNsRig.topic, environments: [1, 2])
    try await APNsRig.with(
      server: {
        $0.clientCertificates = [
          .init(certificatePEM: certificate.certificatePEM, topics: [APNsRig.topic])
        ]
      },
      secret: { simulator in
        TestCredential.stored(
          pem: certificate.pem, settings: .object(APNsRig.address(of: simulator)))
      }
    ) { rig in
      let results = await rig.sendAll(300)
      #expect(results.allSatisfy { $0.outcome == .accepted })
      let status = try #require(await rig.status)
      #expect(status.streamResets == 0 && status.resent == 0 && status.tokensMinted == 0)
    }
  }

  @Test func aCertificateThatTheServerDoesNotKnowBlamesTheCredentialOrTheHost() async throws {
    let known = try PushCertificate(topic: APNsRig.topic)
    let unknown = try PushCertificate(topic: APNsRig.topic)
    try await APNsRig.with(
      server: {
        $0.clientCertificates = [
          .init(certificatePEM: known.certificatePEM, topics: [APNsRig.topic])
        ]
      },
      secret: { simulator in
        TestCredential.stored(
          pem: unknown.pem, settings: .object(APNsRig.address(of: simulator)))
      }
    ) { rig in
      let result = await rig.send(APNsRig.token(1))
      #expect(result.outcome == .retry)
      #expect(result.blame == .credential)
      #expect(rig.simulator.receivedCounts.accepted == 0)
    }
  }
}
