import Postgres
import PushCore
import Testing

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct CheckAPIKeys {
    @Test func answersWhomAKeySpeaksFor() async throws {
      try await LedgerRig.run { rig in
        let keys = APIKeys(rig.pool)
        let scopes = APIScope.allCases.map { Set([$0]) } + [Set(APIScope.allCases)]
        for wanted in scopes {
          let key = try await keys.create(for: rig.app, scopes: wanted)
          let identity = APIIdentity(app: rig.app, scopes: wanted, keyID: key.id)
          expect(try await keys.authenticate(key.text), is: identity)
          expect(try await keys.authenticate(key.text), is: identity)
          expect(try await APIKeys(rig.pool).authenticate(key.text), is: identity)
        }
      }
    }

    /// G12: a key is good for the app that it was made for.
    @Test func refusesEveryOtherKey() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        let keys = APIKeys(rig.pool)
        let key = try await keys.create(for: rig.app, scopes: [.send])
        let other = try await keys.create(for: LedgerRig.otherApp, scopes: [.send])
        let end = key.text.hasSuffix("a") ? "b" : "a"
        let secret = String(key.text.suffix(43))
        let wrong: [String] = [
          "\(key.text.dropLast())\(end)",
          key.text.replacing("plk_demo.", with: "plk_other."),
          "plk_\(key.id)_\(other.text.suffix(43))",
          "plk_\(other.id)_\(secret)",
          "plk_demo.000000000000_\(secret)",
          "plk_nobody.000000000000_\(secret)",
        ]
        for text in wrong {
          #expect(try await keys.authenticate(text) == nil)
          #expect(try await keys.authenticate(text) == nil, "a refusal is not remembered as good")
        }
        #expect(try await keys.authenticate(key.text)?.app == rig.app)
        #expect(try await keys.authenticate(other.text)?.app == LedgerRig.otherApp)
      }
    }

    @Test func refusesWhatIsNoKey() async throws {
      try await LedgerRig.run { rig in
        let keys = APIKeys(rig.pool)
        let key = try await keys.create(for: rig.app, scopes: [.send])
        let texts: [String] = [
          "", " ", "plk_", "plk_.", "plk_._", "_.", "plk_demo", "plk_demo.", "plk_demo_", "plk__.",
          key.id, String(key.text.dropLast()), String(key.text.dropFirst()), key.text + "a",
          " " + key.text, key.text + "\n", key.text.uppercased(), "Bearer " + key.text,
          key.text.replacing("plk_", with: "plk-"), key.text.replacing("_", with: "."),
          key.text.replacing("demo", with: "DEMO"), key.text.replacing("demo", with: "dém"),
          "plk_demo.äöü_\(key.text.suffix(43))", "' or true --", "plk_demo.\0_",
          String(repeating: "a", count: 100_000), String(repeating: "_.", count: 80),
        ]
        for text in texts { #expect(try await keys.authenticate(text) == nil) }
      }
    }

    /// In the process that revokes at once, in every other one that has not seen the key lately.
    @Test func refusesARevokedKey() async throws {
      try await LedgerRig.run { rig in
        let keys = APIKeys(rig.pool)
        let key = try await keys.create(for: rig.app, scopes: [.send], label: "old")
        let kept = try await keys.create(for: rig.app, scopes: [.send], label: "new")
        #expect(try await keys.authenticate(key.text) != nil)
        #expect(try await keys.authenticate(kept.text) != nil)
        try await keys.revoke(key.id, of: rig.app)
        #expect(try await keys.authenticate(key.text) == nil)
        #expect(try await APIKeys(rig.pool).authenticate(key.text) == nil)
        #expect(try await keys.authenticate(kept.text) != nil)
        let revokedAt = try await keys.list(of: rig.app)[0].revokedAt
        #expect(revokedAt != nil)
        try await keys.revoke(key.id, of: rig.app)
        expect(try await keys.list(of: rig.app)[0].revokedAt, is: revokedAt)
        #expect(try await keys.list(of: rig.app)[1].revokedAt == nil)
      }
    }

    /// G12
    @Test func revokesNoKeyOfAnotherApp() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        let keys = APIKeys(rig.pool)
        let key = try await keys.create(for: rig.app, scopes: [.send])
        for (id, app) in [(key.id, LedgerRig.otherApp), ("demo.none", rig.app), ("", rig.app)] {
          let refused = await failure(AppsError.self) { try await keys.revoke(id, of: app) }
          #expect(refused == .unknownKey(id: id))
        }
        #expect(try await keys.authenticate(key.text) != nil)
        #expect(try await keys.list(of: LedgerRig.otherApp).isEmpty)
      }
    }

    @Test func listsKeysOldestFirst() async throws {
      try await LedgerRig.run { rig in
        let keys = APIKeys(rig.pool)
        let labels = ["first", "", "ключ 🔑", String(repeating: "x", count: APIKeys.labelBytes)]
        var ids: [String] = []
        for label in labels {
          ids.append(try await keys.create(for: rig.app, scopes: [.read], label: label).id)
        }
        let list = try await keys.list(of: rig.app)
        #expect(list.map(\.label) == labels)
        #expect(list.map(\.id) == ids)
        #expect(Set(ids).count == ids.count)
        #expect(list.allSatisfy { $0.app == rig.app && $0.scopes == [.read] })
      }
    }

    @Test func refusesAKeyWithoutScopeOrWithALongLabel() async throws {
      try await LedgerRig.run { rig in
        let keys = APIKeys(rig.pool)
        let long = String(repeating: "é", count: APIKeys.labelBytes / 2) + "e"
        for (scopes, label, code) in [
          (Set<APIScope>(), "", FieldError.Code.missing), ([.send], long, .tooLong),
        ] {
          let refused = await failure(AppsError.self) {
            _ = try await keys.create(for: rig.app, scopes: scopes, label: label)
          }
          guard case .invalid(let error)? = refused else {
            Issue.record("\(String(describing: refused))")
            continue
          }
          #expect(error.code == code)
        }
        expect(try await keys.list(of: rig.app), is: [])
      }
    }

    /// G13: whoever reads every table finds no key to use.
    @Test func keepsNoSecret() async throws {
      try await LedgerRig.run { rig in
        let keys = APIKeys(rig.pool)
        let key = try await keys.create(for: rig.app, scopes: [.admin], label: "mine")
        _ = try await keys.authenticate(key.text)
        let secret = String(key.text.suffix(43))
        let stored = try await rig.everyRow()
        #expect(stored.contains { $0.contains(key.id) })
        let forms = [secret, Hex.encode(secret.utf8)]
        for form in forms { #expect(!stored.contains { $0.contains(form) }) }
        let hash = try await rig.pool.query(
          """
          select count(*) from ledger.api_keys where secret_sha256 = sha256(convert_to($1, 'UTF8'))
          """, [secret])
        expect(try hash[0].get(0, as: Int64.self), is: 1)
      }
    }
  }
}

extension LedgerRig {
  /// Every row of every table and view of PushLedger, as text.
  func everyRow() async throws -> [String] {
    let tables = try await pool.query(
      """
      select oid::regclass::text from pg_class
      where relkind in ('r', 'v') and relnamespace::regnamespace::text
        in ('ledger', 'pushledger', 'notifications_v1', 'dispatch')
      """)
    var rows: [String] = []
    for table in tables {
      let name = try table.get(0, as: String.self)
      for row in try await pool.query("select t::text from \(name) as t") {
        rows.append(try row.get(0))
      }
    }
    return rows
  }
}
