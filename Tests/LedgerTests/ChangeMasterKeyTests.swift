import Postgres
import PushCore
import Testing

@testable import Ledger

extension OnALedger {
  /// Credentials whose master key is missing, another, or about to change.
  @Suite(.timeLimit(.minutes(2))) struct ChangeMasterKey {
    /// A key, and the same after a newer one.
    private struct Keys {
      let old: MasterKeys
      let new: MasterKeys
      let both: MasterKeys

      init() throws {
        let (oldText, newText) = (MasterKeys.newKeyText(), MasterKeys.newKeyText())
        old = try MasterKeys(parsing: oldText)
        new = try MasterKeys(parsing: newText)
        both = try MasterKeys(parsing: "\(newText)\n\(oldText)")
      }
    }

    @Test func keepsNothingWithoutAKey() async throws {
      try await LedgerRig.run { rig in
        let keyless = ProviderCredentials(rig.pool)
        for replaces in [false, true] {
          let refused = await failure(AppsError.self) {
            try await keyless.add(
              "key", provider: .apns, of: rig.app, secret: "unmistakable", replaces: replaces)
          }
          #expect(refused == .noMasterKey && refused?.code == "no_master_key")
          let text = refused?.description ?? ""
          #expect(text.contains("PUSHLEDGER_MASTER_KEY") && text.contains("credentials new-key"))
          #expect(!text.contains("unmistakable"))
        }
        let reseal = await failure(AppsError.self) { _ = try await keyless.reseal() }
        #expect(reseal == .noMasterKey)
        expect(try await rig.count("ledger.provider_credentials"), is: 0)
      }
    }

    @Test func listsAndRemovesWithoutAKey() async throws {
      try await LedgerRig.run { rig in
        let keys = try Keys()
        try await ProviderCredentials(rig.pool, keys: keys.old).add(
          "key", provider: .apns, of: rig.app, secret: "s")
        let keyless = ProviderCredentials(rig.pool)
        expect(try await keyless.list(of: rig.app).map(\.keyID), is: [keys.old.currentID])
        try await keyless.remove("key", provider: .apns, of: rig.app)
        #expect(try await keyless.list(of: rig.app).isEmpty)
      }
    }

    /// One that can't be opened says why in its place; all others are as good as ever.
    @Test func loadsTheOthersBesideOneThatDoesNotOpen() async throws {
      try await LedgerRig.run { rig in
        let keys = try Keys()
        let credentials = ProviderCredentials(rig.pool, keys: keys.new)
        for id in ["a", "damaged", "z"] {
          try await credentials.add(id, provider: .apns, of: rig.app, secret: "secret of \(id)")
        }
        try await ProviderCredentials(rig.pool, keys: keys.old).add(
          "foreign", provider: .apns, of: rig.app, secret: "unmistakable")
        try await credentials.add("copied", provider: .apns, of: rig.app, secret: "unmistakable")
        try await rig.tamper(
          """
          update ledger.provider_credentials set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)
          where credential_id = 'damaged';
          update ledger.provider_credentials set sealed = (
            select sealed from ledger.provider_credentials where credential_id = 'a')
          where credential_id = 'copied'
          """)
        func secrets(_ keys: MasterKeys?) async throws -> [String: String] {
          let loaded = try await ProviderCredentials(rig.pool, keys: keys).load()
          #expect(!"\(loaded)".contains("secret of"), "G13")
          return Dictionary(
            uniqueKeysWithValues: loaded.map { credential in
              switch credential.secret {
              case .success(let secret): (credential.summary.id, secret)
              case .failure(let error): (credential.summary.id, error.code.rawValue)
              }
            })
        }
        let closed = "unknown_value"
        expect(
          try await secrets(keys.new),
          is: [
            "a": "secret of a", "z": "secret of z", "damaged": "malformed", "copied": "malformed",
            "foreign": closed,
          ])
        expect(try await secrets(keys.both)["foreign"], is: "unmistakable")
        expect(Set(try await secrets(nil).values), is: [closed])
      }
    }

    @Test func resealsWhatIsUnderAnOlderKey() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        let keys = try Keys()
        let old = ProviderCredentials(rig.pool, keys: keys.old)
        for app in [rig.app, LedgerRig.otherApp] {
          for provider in [ProviderName.apns, .fcm] {
            try await old.add("main", provider: provider, of: app, secret: "\(app) \(provider)")
          }
        }
        let before = try await old.load()
        let credentials = ProviderCredentials(rig.pool, keys: keys.both)
        try await credentials.add("newest", provider: .apns, of: rig.app, secret: "s")

        var report = try await credentials.reseal(of: LedgerRig.otherApp)
        #expect(report == ResealReport(keyID: keys.new.currentID, resealed: 2))
        report = try await credentials.reseal()
        #expect(report == ResealReport(keyID: keys.new.currentID, resealed: 2, already: 3))
        report = try await credentials.reseal()
        #expect(report == ResealReport(keyID: keys.new.currentID, already: 5))

        // The old key may go, and whoever compares sees no difference.
        let after = try await ProviderCredentials(rig.pool, keys: keys.new).load()
        #expect(after.filter { $0.summary.id == "main" } == before)
        #expect(after.allSatisfy { $0.summary.keyID == keys.new.currentID })
        #expect(before.allSatisfy { $0.summary.keyID == keys.old.currentID })
      }
    }

    @Test func namesWhatNoKeyOpensAndResealsTheRest() async throws {
      try await LedgerRig.run { rig in
        let (keys, lost) = (try Keys(), MasterKeys.random())
        for (id, keys) in [("a", keys.old), ("b", lost), ("c", keys.old)] {
          try await ProviderCredentials(rig.pool, keys: keys).add(
            id, provider: .apns, of: rig.app, secret: "s")
        }
        let report = try await ProviderCredentials(rig.pool, keys: keys.both).reseal()
        #expect(report.resealed == 2 && report.left == 0)
        #expect(report.unopened.map(\.credentialID) == ["b"])
        #expect(report.unopened.first?.error.problem.contains(lost.currentID) == true)
        // It stays as it was, for whoever finds its key again.
        let found = try await ProviderCredentials(rig.pool, keys: lost).load()
        #expect(found.count { $0.secret == .success("s") } == 1)
      }
    }

    /// What replaces a credential while it is sealed anew stays, whichever of the two is first.
    @Test func givesWayToAReplacement() async throws {
      try await LedgerRig.run { rig in
        let keys = try Keys()
        let old = ProviderCredentials(rig.pool, keys: keys.old)
        let credentials = ProviderCredentials(rig.pool, keys: keys.both)
        try await old.add("main", provider: .apns, of: rig.app, secret: "first")
        // The replacement is under way, not visible yet, and holds the row.
        let replacement = try SealedSecret(
          "second",
          of: SecretOwner(app: rig.app.rawValue, provider: "apns", credentialID: "main"),
          under: keys.old)
        let report = try await rig.pool.withConnection { connection in
          try await connection.execute("begin")
          _ = try await connection.query(
            "update ledger.provider_credentials set sealed = $1",
            [PostgresBytes(replacement.bytes)])
          async let report = credentials.reseal()
          try await eventually {
            try await rig.count(
              """
              pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'
              """) == 1
          }
          try await connection.execute("commit")
          return try await report
        }
        #expect(report == ResealReport(keyID: keys.new.currentID, resealed: 1))
        let loaded = try await ProviderCredentials(rig.pool, keys: keys.new).load()
        #expect(loaded.map(\.secret) == [.success("second")])
      }
    }
  }
}
