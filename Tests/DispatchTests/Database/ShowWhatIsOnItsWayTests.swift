import Ledger
import PushCore
import Testing

@testable import PushDispatch

extension OnADatabase {
  /// What only a dispatcher knows, as others read it in the database.
  @Suite struct ShowWhatIsOnItsWay {
    @Test("pushes in flight and circuits that are not closed show in the views, and go again")
    func shows() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider { request in
          request.attempt == 1 ? .hold : .accept
        }
        let dispatcher = rig.start(
          provider,
          configuration: DispatchRig.configure {
            $0.reportInterval = .milliseconds(10)
            $0.circuits.firstCredentialPause = .seconds(1)
          })
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually {
          try await rig.count("pushledger.in_flight where app = 'shop' and pushes = 1") == 1
        }
        #expect(
          try await rig.count(
            "pushledger.dispatch_status where provider = 'apns' and in_flight = 1") == 1)
        #expect(try await rig.count("pushledger.circuits") == 0)

        provider.release(
          AttemptResult(
            .retry, status: 403, reason: "InvalidProviderToken", blame: .credential))
        try await eventually {
          try await rig.count(
            """
            pushledger.circuits where app = 'shop' and credential_id = 'main' and host is null
              and state = 'open' and retry_at > now() and reason = 'InvalidProviderToken'
              and dispatcher = '\(dispatcher.dispatcher.name)'
            """) == 1
        }
        try await eventually { try await rig.due() == 0 }
        try await eventually {
          let circuits = try await rig.count("pushledger.circuits")
          let inFlight = try await rig.count("pushledger.in_flight")
          return circuits == 0 && inFlight == 0
        }
        try await dispatcher.stop()
      }
    }

    @Test("a credential that a dispatcher has no key for is shown with why, and none that works")
    func showsRefusedCredentials() async throws {
      try await DispatchRig.run { rig in
        let foreign = MasterKeys.random()
        try await ProviderCredentials(rig.pool, keys: foreign).add(
          "foreign", provider: .apns, of: DispatchRig.app,
          settings: ["team_id": "TEAM000001", "key_id": "KEY0000001"], secret: TestCredential.pem)
        try await ProviderCredentials(rig.pool, keys: DispatchRig.masterKeys).add(
          "broken", provider: .apns, of: DispatchRig.app, secret: "unmistakable")
        let dispatcher = rig.start(
          ScriptedProvider { _ in .accept },
          configuration: DispatchRig.configure {
            $0.reportInterval = .milliseconds(10)
            $0.credentialsInterval = .seconds(600)
          })
        let refused = """
          pushledger.refused_credentials where app = 'shop' and provider = 'apns'
            and dispatcher = '\(dispatcher.dispatcher.name)'
          """
        try await eventually {
          try await rig.count(
            """
            \(refused) and credential_id = 'foreign'
              and reason like '%under key \(foreign.currentID)%PUSHLEDGER_MASTER_KEY%'
            """) == 1
        }
        #expect(try await rig.count(refused) == 2, "the third works")
        #expect(
          try await rig.count("dispatch.refused_credentials where reason like '%unmistak%'") == 0,
          "G13")
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually { try await rig.due() == 0 }

        // No interval brings the change: the database announces it.
        try await ProviderCredentials(rig.pool, keys: DispatchRig.masterKeys).add(
          "foreign", provider: .apns, of: DispatchRig.app,
          settings: ["team_id": "TEAM000001", "key_id": "KEY0000001"], secret: TestCredential.pem,
          replaces: true)
        try await eventually {
          try await rig.count("\(refused) and credential_id = 'foreign'") == 0
        }
        #expect(try await rig.count("\(refused) and credential_id = 'broken'") == 1)
        try await dispatcher.stop()
      }
    }

    @Test("what a dead dispatcher reported counts no more, and another's report removes it")
    func forgets() async throws {
      try await DispatchRig.run { rig in
        let one = DispatchDatabase(pool: rig.pool, dispatcher: "one", lease: .seconds(15))
        let two = DispatchDatabase(pool: rig.pool, dispatcher: "two", lease: .seconds(15))
        let pushes = DispatcherReport.InFlight(app: DispatchRig.app, provider: .apns, pushes: 3)
        let circuit = DispatcherStatus.CircuitStatus(
          provider: .apns, host: "push.example", state: .closed(failures: 2), reason: "no_answer")
        let refused = DispatcherStatus.RefusedCredential(
          app: DispatchRig.app, provider: .fcm, credentialID: "main",
          error: FieldError(.missing, "secret", "is missing."))
        let report = DispatcherReport(inFlight: [pushes], circuits: [circuit], refused: [refused])
        try await one.report(report, validFor: .seconds(-1))
        #expect(try await rig.count("dispatch.in_flight") == 1)
        #expect(try await rig.count("pushledger.in_flight") == 0)
        #expect(try await rig.count("pushledger.circuits") == 0)
        #expect(try await rig.count("dispatch.refused_credentials") == 1)
        #expect(try await rig.count("pushledger.refused_credentials") == 0)
        try await two.report(report, validFor: .seconds(60))
        #expect(try await rig.count("dispatch.in_flight where dispatcher = 'two'") == 1)
        #expect(try await rig.count("dispatch.circuits where dispatcher = 'one'") == 0)
        #expect(
          try await rig.count("pushledger.circuits where failures = 2 and state = 'closed'") == 1)
        #expect(
          try await rig.count(
            """
            pushledger.refused_credentials where dispatcher = 'two' and app = 'shop'
              and provider = 'fcm' and credential_id = 'main' and reason = 'secret: is missing.'
            """) == 1)
        #expect(try await rig.count("dispatch.refused_credentials") == 1)
        try await two.report(DispatcherReport(), validFor: .seconds(60))
        #expect(try await rig.count("dispatch.in_flight") == 0)
        #expect(try await rig.count("dispatch.circuits") == 0)
        #expect(try await rig.count("dispatch.refused_credentials") == 0)
      }
    }
  }
}
