import Foundation
import Ledger
import Postgres
import PushCore
import Synchronization
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct Transfer {
    /// Events of several types, with everything that JSON and ids may hold.
    private static let events: [NewEvent] = [
      .message("1", text: "Zoë: \"hi\"\n\u{2028}\\ 🎉 </script>"), .recall("a/b%2F"),
      .make(
        .deviceRegistered,
        ["user": "bob", "device": "d/1", "platform": "ios", "provider": "apns"],
        ["token": "0123abcd"]),
      .make(.userUpdated, ["user": "Ünï"], ["nickname": "ann"]),
      .make(
        .messageRecalled,
        ["message_id": "9", "by": "ann", "x": [.number("1.50"), .number("-12345678901234567890")]]),
      .message("2"),
    ]

    @Test(arguments: ["plain.ndjson", "packed.ndjson.gz"])
    func bringsAnExportBackAsItWas(name: String) async throws {
      try await TransferRig.run { rig in
        try await Apps(rig.ledger.pool).create(LedgerRig.otherApp)
        try await rig.ledger.append(Self.events)
        let exported = try await Exporter(rig.ledger.pool).run(rig.app, to: rig.path(name))
        #expect(exported.newEvents == Self.events.count)
        #expect(exported.position == Position(Self.events.count))
        expect(exported.fileBytes, is: Int64(try rig.read(name).count))
        expect(try rig.read(name).starts(with: [0x1F, 0x8B]), is: name.hasSuffix(".gz"))
        #expect(!rig.exists(name + ".part"))
        let loaded = try await rig.load(rig.path(name), into: LedgerRig.otherApp)
        #expect(loaded.newEvents == Self.events.count)
        #expect(loaded.lines == Self.events.count)
        #expect(loaded.position == exported.position)
        #expect(loaded.fileBytes == exported.fileBytes)
        let wanted = try await rig.ledger.events()
        let found = try await rig.ledger.events(of: LedgerRig.otherApp)
        #expect(found.map(\.event) == wanted.map(\.event))
        #expect(found.map(\.position) == wanted.map(\.position))
      }
    }

    /// G4: the same file twice changes nothing.
    @Test func storesAFileOnce() async throws {
      try await TransferRig.run { rig in
        let path = try await rig.export(Self.events, as: "events.gz")
        try await rig.load(path)
        let before = try await Verifier(rig.ledger.pool).verify(rig.app)
        let again = try await rig.load(path)
        #expect(again.newEvents == 0)
        #expect(again.knownEvents == Self.events.count)
        expect(try await Verifier(rig.ledger.pool).verify(rig.app), is: before)
        let longer = try rig.write(
          "longer.ndjson", lines: [TransferRig.line("new")] + (try await rig.lines(of: rig.app)))
        let more = try await rig.load(longer)
        expect([more.newEvents, more.knownEvents], is: [1, Self.events.count])
        expect(try await rig.head(), is: before.events + 1)
      }
    }

    @Test func exportsWhatComesAfterAPosition() async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append(Self.events)
        let path = rig.path("rest.ndjson")
        let rest = try await Exporter(rig.ledger.pool).run(rig.app, to: path, after: 4)
        expect([rest.newEvents, rest.lines, Int(rest.position)], is: [2, 2, 6])
        let lines = try rig.read("rest.ndjson").split(separator: UInt8(ascii: "\n"))
        #expect(try lines.map { try JSON.parse($0)["position"]?.integer } == [5, 6])
        let none = try await Exporter(rig.ledger.pool).run(rig.app, to: path, after: 6)
        expect([none.newEvents, Int(none.position)], is: [0, 6])
        #expect(try rig.read("rest.ndjson").isEmpty)
      }
    }

    /// Of a large file each batch is a commit, in the order of the file; progress only grows.
    @Test func importsALargeFileInBatches() async throws {
      try await TransferRig.run { rig in
        let lines = (0..<5_000).map { TransferRig.line("\($0)") }
        let path = try rig.write("large.ndjson", lines: lines)
        let reports = Mutex<[TransferProgress]>([])
        let done = try await rig.load(path) { report in reports.withLock { $0.append(report) } }
        #expect(done.newEvents == 5_000)
        #expect(reports.withLock { $0.map(\.lines) } == [2_000, 4_000, 5_000])
        #expect(reports.withLock { $0.map(\.position) } == [2_000, 4_000, 5_000])
        expect(try await rig.ledger.count("ledger.commits"), is: 3)
        let stored = try await rig.ledger.events().map { try JSON.parse($0.event.data) }
        #expect(stored.map { $0["message_id"]?.string } == (0..<5_000).map { "\($0)" })
        let packed = rig.path("large.gz")
        _ = try await Exporter(rig.ledger.pool).run(rig.app, to: packed)
        try await Apps(rig.ledger.pool).create(LedgerRig.otherApp)
        expect(try await rig.load(packed, into: LedgerRig.otherApp).newEvents, is: 5_000)
      }
    }

    /// A connection that is lost in the middle costs nothing.
    @Test func importsOnAfterALostConnection() async throws {
      try await TransferRig.run { rig in
        let path = try rig.write(
          "events.ndjson", lines: (0..<4_500).map { TransferRig.line("\($0)") })
        let pool = rig.ledger.pool
        try await pool.transaction { connection in
          _ = try await connection.query(
            "select from ledger.heads where app = $1 for update", [rig.app.rawValue])
          async let done = rig.load(path)
          var killed: Int64 = 0
          while killed == 0 {
            killed = try await pool.query(
              """
              select count(pg_terminate_backend(pid)) from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'
                and query like '%append_batch%'
              """)[0].get(0)
          }
          try await connection.execute("commit; begin")
          expect(try await done.newEvents, is: 4_500)
        }
        expect(try await rig.head(), is: 4_500)
        #expect(try await Verifier(pool).verify(rig.app).isSound)
      }
    }

    @Test func takesAllFormsOfLines() async throws {
      try await TransferRig.run { rig in
        for (name, text, count) in [
          ("unended", TransferRig.line("1") + "\n" + TransferRig.line("2"), 2),
          ("windows", TransferRig.line("3") + "\r\n" + TransferRig.line("4") + "\r\n", 2),
          ("blank", "\n \n" + TransferRig.line("5") + "\n\t\n\n", 1), ("newline", "\n", 0),
          ("empty", "", 0), ("short", " ", 0),
          ("spaced", " {" + TransferRig.line("6").dropFirst() + "  ", 1),
        ] {
          expect(try await rig.load(try rig.write(name, text.utf8)).newEvents, is: count)
        }
        expect(try await rig.head(), is: 6)
      }
    }

    @Test func writesNothingOfAnExportThatFails() async throws {
      try await TransferRig.run { rig in
        let nobody = AppID(unchecked: "nobody")
        let exporter = Exporter(rig.ledger.pool)
        let unknown = await failure(TransferError.self) {
          _ = try await exporter.run(nobody, to: rig.path("none.gz"))
        }
        #expect(unknown == .read(.unknownApp(nobody)))
        try await rig.ledger.append(Self.events)
        try rig.write("events.gz", "the last good one".utf8)
        try await rig.ledger.tamper("update ledger.events set type = 'new' where position = 3")
        let failed = await failure(TransferError.self) {
          _ = try await exporter.run(rig.app, to: rig.path("events.gz"))
        }
        #expect(failed == .read(.unknownType(position: 3)))
        expect(try rig.read("events.gz"), is: Data("the last good one".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: rig.path("")) == ["events.gz"])
        let nowhere = rig.path("none/events.gz")
        let refused = await failure(TransferError.self) {
          _ = try await exporter.run(rig.app, to: nowhere)
        }
        #expect(
          refused?.description == "\(nowhere).part cannot be opened: No such file or directory.")
      }
    }

    /// Wherever in a page it stands: first, between, last.
    @Test(arguments: [1, 3, 6] as [Position])
    func exportsNoLedgerWithAHole(at position: Position) async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append(Self.events)
        try await rig.ledger.tamper("delete from ledger.events where position = \(position)")
        let exporter = Exporter(rig.ledger.pool)
        let failed = await failure(TransferError.self) {
          _ = try await exporter.run(rig.app, to: rig.path("events.gz"))
        }
        guard case .gap(let gap) = failed else {
          Issue.record("\(String(describing: failed))")
          return
        }
        expect([gap.position], is: [position])
        #expect(gap.app == rig.app)
        #expect(try FileManager.default.contentsOfDirectory(atPath: rig.path("")) == [])
        let rest = try await exporter.run(rig.app, to: rig.path("rest"), after: position)
        expect(Position(rest.newEvents), is: 6 - position)
      }
    }
  }
}

extension TransferRig {
  /// An app's events as lines of an event file.
  fileprivate func lines(of app: AppID) async throws -> [String] {
    try await ledger.events(of: app).map { String(decoding: $0.exportLine(), as: UTF8.self) }
  }
}
