import Ledger
import Postgres
import PushCore
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct ManageApps {
    private static let unusual = settings {
      $0.lanes = 64
      $0.language = .zh
      $0.suppressedRowsLimit = 0
      $0.pushLifetime = .seconds(3_600)
      $0.cancelsOnRead = false
      $0.cancelsOnForeground = false
    }

    @Test func createsAnAppWithAnEmptyLedger() async throws {
      try await LedgerRig.run { rig in
        let app = try await Apps(rig.pool).app(rig.app)
        #expect(app.id == rig.app)
        #expect(app.settings == AppSettings())
        #expect(try await Apps(rig.pool).exists(rig.app))
        expect(try await rig.reader.head(of: rig.app), is: 0)
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// G12: one app's settings are nobody else's.
    @Test func keepsEverySetting() async throws {
      try await LedgerRig.run { rig in
        let apps = Apps(rig.pool)
        try await apps.create(LedgerRig.otherApp, settings: Self.unusual)
        expect(try await apps.app(LedgerRig.otherApp).settings, is: Self.unusual)
        expect(try await apps.app(rig.app).settings, is: AppSettings())
        let created = try await apps.app(LedgerRig.otherApp).createdAt
        try await apps.update(LedgerRig.otherApp, to: AppSettings())
        try await apps.update(rig.app, to: Self.unusual)
        expect(try await apps.app(LedgerRig.otherApp).settings, is: AppSettings())
        expect(try await apps.app(LedgerRig.otherApp).createdAt, is: created)
        expect(try await apps.app(rig.app).settings, is: Self.unusual)
      }
    }

    @Test func listsAppsByName() async throws {
      try await LedgerRig.run { rig in
        let apps = Apps(rig.pool)
        for name in ["zoo", "a-b", "a.b", "a_b", "0"] {
          try await apps.create(AppID(unchecked: name))
        }
        let names = try await apps.list().map(\.id.rawValue)
        #expect(names == ["0", "a-b", "a.b", "a_b", "demo", "zoo"])
      }
    }

    @Test func refusesAnAppThatIsThere() async throws {
      try await LedgerRig.run { rig in
        let apps = Apps(rig.pool)
        try await rig.append([.recall("1")])
        let refused = await failure(AppsError.self) {
          try await apps.create(rig.app, settings: Self.unusual)
        }
        #expect(refused == .appExists(rig.app))
        #expect(
          refused?.description == "App demo exists already. Choose another name, or use it.")
        expect(try await apps.app(rig.app).settings, is: AppSettings())
        expect(try await rig.reader.head(of: rig.app), is: 1)
      }
    }

    /// Of those who create the same app at the same time one does.
    @Test func createsAnAppOnce() async throws {
      try await LedgerRig.run { rig in
        let errors = await withTaskGroup(of: AppsError?.self) { group in
          for _ in 0..<8 {
            group.addTask {
              await failure { try await Apps(rig.pool).create(LedgerRig.otherApp) }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        expect(errors.count { $0 == nil }, is: 1)
        expect(errors.count { $0 == .appExists(LedgerRig.otherApp) }, is: 7)
      }
    }

    @Test func saysThatAnAppIsUnknown() async throws {
      try await LedgerRig.run { rig in
        let nobody = AppID(unchecked: "nobody")
        let unknown = AppsError.unknownApp(nobody)
        let apps = Apps(rig.pool)
        expect(try await apps.exists(nobody), is: false)
        expect(await failure { _ = try await apps.app(nobody) }, is: unknown)
        expect(await failure { try await apps.update(nobody, to: AppSettings()) }, is: unknown)
        #expect(
          unknown.description
            == "App nobody is unknown. Create it with `pushledger apps create nobody`.")
        let keys = APIKeys(rig.pool)
        expect(
          await failure { _ = try await keys.create(for: nobody, scopes: [.read]) }, is: unknown)
        let credentials = ProviderCredentials(rig.pool, keys: .random())
        expect(
          await failure {
            try await credentials.add("key", provider: .apns, of: nobody, secret: "x")
          }, is: unknown)
      }
    }

    @Test func takesSettingsUpToTheirLimits() async throws {
      try await LedgerRig.run { rig in
        let apps = Apps(rig.pool)
        let least = Self.settings {
          $0.lanes = 1
          $0.suppressedRowsLimit = 0
          $0.pushLifetime = .seconds(1)
        }
        let most = Self.settings {
          $0.lanes = 64
          $0.suppressedRowsLimit = 100_000
          $0.pushLifetime = .seconds(31_536_000)
        }
        for settings in [least, most] {
          try await apps.update(rig.app, to: settings)
          expect(try await apps.app(rig.app).settings, is: settings)
        }
      }
    }

    @Test func refusesSettingsBeyondTheirLimits() async throws {
      let wrong: [(field: String, value: String, settings: AppSettings)] = [
        ("lanes", "0", Self.settings { $0.lanes = 0 }),
        ("lanes", "65", Self.settings { $0.lanes = 65 }),
        ("suppressed_rows_limit", "-1", Self.settings { $0.suppressedRowsLimit = -1 }),
        ("suppressed_rows_limit", "100001", Self.settings { $0.suppressedRowsLimit = 100_001 }),
        ("push_lifetime_seconds", "0", Self.settings { $0.pushLifetime = .milliseconds(999) }),
        ("push_lifetime_seconds", "-5", Self.settings { $0.pushLifetime = .seconds(-5) }),
        (
          "push_lifetime_seconds", "31536001",
          Self.settings { $0.pushLifetime = .seconds(31_536_001) }
        ),
      ]
      try await LedgerRig.run { rig in
        let apps = Apps(rig.pool)
        for (field, value, settings) in wrong {
          for refused in [
            await failure(
              AppsError.self, { try await apps.update(rig.app, to: settings) }),
            await failure(
              AppsError.self, { try await apps.create(LedgerRig.otherApp, settings: settings) }),
          ] {
            guard case .invalid(let error)? = refused else {
              Issue.record("\(field) \(value): \(String(describing: refused))")
              continue
            }
            #expect(error.code == .outOfRange)
            #expect(error.description.hasPrefix("\(field): is \(value); "))
          }
        }
        expect(try await apps.app(rig.app).settings, is: AppSettings())
        #expect(try await !apps.exists(LedgerRig.otherApp))
      }
    }

    /// The database holds the limits too, whoever writes to it.
    @Test func keepsLimitsInTheDatabase() async throws {
      try await LedgerRig.run { rig in
        for (change, constraint) in [
          ("lanes = 0", "apps_lanes_range"), ("lanes = 65", "apps_lanes_range"),
          ("language = 'fr'", "apps_language_known"),
          ("suppressed_rows_limit = -1", "apps_suppressed_rows_limit_range"),
          ("suppressed_rows_limit = 100001", "apps_suppressed_rows_limit_range"),
          ("push_lifetime_seconds = 0", "apps_push_lifetime_range"),
          ("push_lifetime_seconds = 31536001", "apps_push_lifetime_range"),
        ] {
          let refused = await failure(PostgresError.self) {
            _ = try await rig.pool.query("update ledger.apps set \(change)")
          }
          #expect(refused?.constraint == constraint)
        }
      }
    }

    @Test func refusesNamesThatAreNone() async throws {
      try await LedgerRig.run { rig in
        let apps = Apps(rig.pool)
        for name in ["", "Demo", "a b", "a/b", "ä", "a\n", String(repeating: "a", count: 65)] {
          #expect(throws: FieldError.self) { try AppID(validating: name) }
          let refused = await failure(AppsError.self) {
            try await apps.create(AppID(unchecked: name))
          }
          guard case .database(let error)? = refused else {
            Issue.record("\(name): \(String(describing: refused))")
            continue
          }
          #expect(error.constraint == "apps_app_form")
        }
        try await apps.create(AppID(validating: String(repeating: "a", count: 64)))
        expect(try await apps.list().count, is: 2)
      }
    }

    private static func settings(_ change: (inout AppSettings) -> Void) -> AppSettings {
      var settings = AppSettings()
      change(&settings)
      return settings
    }
  }
}
