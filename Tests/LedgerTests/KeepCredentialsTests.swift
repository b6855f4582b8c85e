import Postgres
import PushCore
import Testing

import struct Foundation.Data

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct KeepCredentials {
    private static let keys = MasterKeys.random()
    private static let secret = "-----BEGIN PRIVATE KEY-----\nÄ-unmistakable-\"'\\-secret\n"

    @Test func keepsACredentialAsItIs() async throws {
      try await LedgerRig.run { rig in
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        let settings: JSON = ["key_id": "ABC", "team_id": "DEF", "deep": ["a": [1, nil, true]]]
        try await credentials.add(
          "Main_1.p8-x", provider: .apns, of: rig.app, topics: ["com.example", "com.example.voip"],
          environment: .sandbox, settings: settings, secret: Self.secret)
        try await credentials.add("plain", provider: .fcm, of: rig.app, secret: "s")
        let list = try await credentials.list(of: rig.app)
        #expect(list.map(\.id) == ["Main_1.p8-x", "plain"])
        #expect(list[0].app == rig.app)
        #expect(list[0].provider == .apns)
        #expect(list[0].topics == ["com.example", "com.example.voip"])
        #expect(list[0].environment == .sandbox)
        #expect(list[0].settings.sorted() == settings.sorted())
        #expect(list[1].topics.isEmpty)
        #expect(list[1].environment == nil)
        #expect(list[1].settings == [:])
        let loaded = try await credentials.load(of: rig.app)
        #expect(loaded.map(\.summary) == list)
        #expect(loaded.map(\.secret) == [.success(Self.secret), .success("s")])
        #expect(list.map(\.keyID) == [Self.keys.currentID, Self.keys.currentID])
      }
    }

    /// G12: each app has its own, also under the same name.
    @Test func keepsAppsApart() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        try await credentials.add("key", provider: .apns, of: rig.app, secret: "mine")
        try await credentials.add("key", provider: .apns, of: LedgerRig.otherApp, secret: "theirs")
        try await credentials.add("key", provider: .fcm, of: rig.app, secret: "fcm")
        expect(
          try await credentials.load(of: rig.app).map(\.secret),
          is: [.success("mine"), .success("fcm")])
        expect(
          try await credentials.load(of: LedgerRig.otherApp).map(\.secret), is: [.success("theirs")]
        )
        expect(try await credentials.load().count, is: 3)
        try await credentials.remove("key", provider: .apns, of: rig.app)
        expect(
          try await credentials.load().map(\.secret), is: [.success("fcm"), .success("theirs")])
        #expect(try await credentials.list(of: AppID(unchecked: "nobody")).isEmpty)
      }
    }

    /// A credential is replaced by removing and adding it; adding alone never overwrites one.
    @Test func replacesOnlyWhatWasRemoved() async throws {
      try await LedgerRig.run { rig in
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        try await credentials.add("key", provider: .apns, of: rig.app, secret: "old")
        let exists = await failure(AppsError.self) {
          try await credentials.add("key", provider: .apns, of: rig.app, secret: "new")
        }
        #expect(exists == .credentialExists(provider: .apns, id: "key"))
        expect(try await credentials.load().map(\.secret), is: [.success("old")])
        try await credentials.remove("key", provider: .apns, of: rig.app)
        try await credentials.add("key", provider: .apns, of: rig.app, secret: "new")
        expect(try await credentials.load().map(\.secret), is: [.success("new")])
        for (id, provider) in [("other", ProviderName.apns), ("key", .fcm), ("", .apns)] {
          let unknown = await failure(AppsError.self) {
            try await credentials.remove(id, provider: provider, of: rig.app)
          }
          #expect(unknown == .unknownCredential(provider: provider, id: id))
        }
      }
    }

    @Test func takesNoneThatIsNotWhole() async throws {
      try await LedgerRig.run { rig in
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        let longest = String(repeating: "s", count: ProviderCredentials.secretBytes)
        let name = String(repeating: "n", count: ProviderCredentials.idBytes)
        try await credentials.add(name, provider: .apns, of: rig.app, secret: longest)
        for (id, settings, secret, field) in [
          ("", JSON.object([]), "s", "credential_id"), (name + "n", [:], "s", "credential_id"),
          ("a b", [:], "s", "credential_id"), ("ä", [:], "s", "credential_id"),
          ("a", [], "s", "settings"), ("a", nil, "s", "settings"),
          ("a", [:], "", "secret"), ("a", [:], longest + "s", "secret"),
          ("a", [:], "unmistakable\0", "secret"),
        ] {
          let refused = await failure(AppsError.self) {
            try await credentials.add(
              id, provider: .apns, of: rig.app, settings: settings, secret: secret)
          }
          guard case .invalid(let error)? = refused else {
            Issue.record("\(field): \(refused?.code ?? "taken")")
            continue
          }
          #expect(error.field == field)
          #expect(!error.description.contains("unmistakable"))
        }
        expect(try await credentials.list(of: rig.app).count, is: 1)
      }
    }

    /// G13: whatever is printed of a credential leaves the secret out.
    @Test func showsNoSecret() async throws {
      try await LedgerRig.run { rig in
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        try await credentials.add("key", provider: .apns, of: rig.app, secret: Self.secret)
        let summaries = try await credentials.list(of: rig.app)
        let loaded = try await credentials.load()
        #expect(loaded.map(\.secret) == [.success(Self.secret)])
        var shown = [
          "\(summaries)", String(reflecting: summaries), "\(loaded)", String(reflecting: loaded),
          "\(loaded[0])",
        ]
        for value in [summaries, loaded] as [Any] {
          var text = ""
          dump(value, to: &text)
          shown.append(text)
        }
        #expect(shown.allSatisfy { !$0.contains("unmistakable") })
      }
    }

    /// G13: nor does an error, whoever refuses the credential.
    @Test func namesNoSecretInAnError() async throws {
      try await LedgerRig.run { rig in
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        try await credentials.add("key", provider: .apns, of: rig.app, secret: Self.secret)
        var errors = [
          await failure(AppsError.self) {
            try await credentials.add("key", provider: .apns, of: rig.app, secret: Self.secret)
          },
          await failure(AppsError.self) {
            try await credentials.add(
              "key", provider: .apns, of: AppID(unchecked: "nobody"), secret: Self.secret)
          },
        ]
        for change in [
          "alter table ledger.provider_credentials add constraint no check (key_id = '') not valid",
          "drop table ledger.provider_credentials cascade",
        ] {
          try await rig.tamper(change)
          errors.append(
            await failure(AppsError.self) {
              try await credentials.add("new", provider: .apns, of: rig.app, secret: Self.secret)
            })
        }
        #expect(
          errors.map { $0?.code } == ["credential_exists", "unknown_app"]
            + Array(repeating: "ledger_unavailable", count: 2))
        #expect(errors.allSatisfy { !String(reflecting: $0).contains("unmistakable") })
        #expect(errors.allSatisfy { $0?.description.contains("unmistakable") == false })
      }
    }

    /// G13: the database holds no secret, in whatever form a row is read.
    @Test func keepsNoSecretInTheDatabase() async throws {
      try await LedgerRig.run { rig in
        let credentials = ProviderCredentials(rig.pool, keys: Self.keys)
        try await credentials.add("key", provider: .apns, of: rig.app, secret: Self.secret)
        let rows = try await rig.pool.query(
          """
          select c::text, to_jsonb(c)::text, encode(c.sealed, 'escape'), encode(c.sealed, 'base64')
          from ledger.provider_credentials c
          """)
        let texts = try rows.flatMap { row in try (0..<4).map { try row.get($0, as: String.self) } }
        #expect(texts.count == 4)
        let plain = Array(Self.secret.utf8)
        for form in [
          "unmistakable", Self.secret, Hex.encode(plain), Hex.encode(Array("unmistakable".utf8)),
          String(Data(plain).base64EncodedString().prefix(40)),
        ] {
          #expect(texts.allSatisfy { !$0.contains(form) })
        }
        // The same search finds what is not sealed.
        #expect(texts[0].contains(Self.keys.currentID) && texts[0].contains("key"))
      }
    }

    @Test func fitsTopicsAndEnvironments() {
      var credential = CredentialSummary(
        app: LedgerRig.app, provider: .apns, id: "key", topics: [], environment: nil,
        settings: [:], keyID: "", createdAt: Timestamp(microseconds: 0))
      #expect(credential.fits(topic: "com.example", environment: .sandbox))
      #expect(credential.fits(topic: nil, environment: .production))
      credential.topics = ["com.example"]
      credential.environment = .production
      #expect(credential.fits(topic: "com.example", environment: .production))
      #expect(credential.fits(topic: nil, environment: .production))
      #expect(!credential.fits(topic: "com.example.voip", environment: .production))
      #expect(!credential.fits(topic: "com.example", environment: .sandbox))
    }
  }
}
