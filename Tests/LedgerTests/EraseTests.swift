import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct EraseByTheRules {
    private func erase(_ message: String, _ rig: LedgerRig) async throws -> ErasureProgress {
      try await Eraser(rig.pool).run(
        .message(MessageID(unchecked: message)), in: rig.app, reason: nil)
    }

    /// G5: content that went by an erasure leaves its hash; the ledger verifies as before.
    @Test func verifies() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.recall("1"), .message("2"), .recall("3"), .message("4")])
        let done = try await erase("2", rig)
        #expect(done.erased == 1)
        let report = try await Verifier(rig.pool).verify(rig.app)
        #expect(report.isSound)
        expect([report.events, report.erased], is: [5, 1])
        let events = try await rig.events()
        #expect(events[1].event.content == nil)
        #expect(events[3].event.content != nil)
        let body = try events[4].event.body()
        guard case .contentErased(let erasure) = body else {
          Issue.record("\(body)")
          return
        }
        expect(erasure.positions, is: [2])
        #expect(erasure.scope == .message(MessageID(unchecked: "2")))
      }
    }

    /// G5: content that went otherwise is found, also where an erasure names others.
    @Test func findsWhatVanished() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.recall("1"), .message("2"), .recall("3"), .message("4")])
        _ = try await erase("2", rig)
        try await rig.append([.message("5")])
        for position: Position in [6, 4] {
          try await rig.tamper(
            "update ledger.events set content = null where position = \(position)")
          let flaw = try await Verifier(rig.pool).verify(rig.app).flaw
          #expect(flaw == LedgerFlaw(kind: .vanished, app: rig.app, position: position))
        }
      }
    }

    /// G5: nobody takes content past the function, the owner by mistake neither.
    @Test func goesThroughTheFunctionAlone() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1"), .message("2")])
        _ = try await erase("1", rig)
        let changes = [
          "content = null where position = 2", "content = null",
          "content = null where position = 1", "content = '{}' where position = 1",
          "content = null, data = '{}' where position = 2",
        ]
        for change in changes {
          let refused = await failure(PostgresError.self) {
            _ = try await rig.pool.query("update ledger.events set \(change)")
          }
          #expect(refused?.sqlState == "LG010", "\(change)")
        }
        for role in [
          "pushledger_projector", "pushledger_dispatcher", "pushledger_reactor",
          "pushledger_reader", "pushledger_writer",
        ] {
          for sql in [
            "update ledger.events set content = null",
            "select ledger.erase_content('demo', '{2}', '{}')",
            "select ledger.append_unchecked('demo', null, null, null, null, null, null, null, null, null)",
            "select ledger.erase_projected('demo', 'notifications_v1', 0, '{2}')",
          ] {
            let refused = await failure(PostgresError.self) {
              _ = try await rig.pool.transaction { connection in
                try await connection.execute("set local role \(role)")
                return try await connection.query(sql)
              }
            }
            #expect(refused?.sqlState == "42501", "\(role): \(sql)")
          }
        }
        #expect(try await rig.events()[1].event.content != nil)
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// An event that says of content that it is gone is refused where that is not so.
    @Test(arguments: ["[2]", "[3]", "[99]", "[0]", "[1, 2]", "[\"1\"]", "7", "[1.5]", "[null]"])
    func refusesUntrueErasures(positions: String) async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.recall("1"), .message("2")])
        let refused = await failure(PostgresError.self) {
          _ = try await rig.pool.query(
            """
            select ledger.append('demo', array[gen_random_uuid()], array['content.erased'],
              array[1::smallint], array['erasure/1'], array[now()],
              array['{"positions": \(positions)}'::jsonb], array[null::json])
            """)
        }
        #expect(refused?.sqlState == "LG006")
        expect(try await rig.reader.head(of: rig.app), is: 2)
      }
    }

    /// G16: what one erasure takes from under another leaves nothing behind that neither looked at.
    @Test func leavesNothingBetweenTwo() async throws {
      try await LedgerRig.run { rig in
        try await rig.append((1...2_500).map { .message("\($0)") })
        let second = try await rig.pool.transaction { connection in
          _ = try await connection.query(
            """
            select ledger.erase('demo', 'ann', null, null, null, gen_random_uuid(), 2500, 0, 0)
            """)
          let second = Task {
            try await Eraser(rig.pool).run(
              .user(UserID(unchecked: "ann")), in: rig.app, reason: nil)
          }
          try await eventually {
            try await rig.count(
              """
              pg_locks where locktype = 'advisory' and not granted
                and database = (select oid from pg_database where datname = current_database())
              """) > 0
          }
          return second
        }
        let done = try await second.value
        #expect(done.isFinished)
        #expect(done.erased == 500)
        #expect(try await rig.events().allSatisfy { $0.event.content == nil })
      }
    }

    /// Nothing of a ledger is looked at that came after the moment.
    @Test func endsAtItsMoment() async throws {
      try await LedgerRig.run { rig in
        try await rig.append([.message("1")])
        let row = try await rig.pool.query(
          """
          select erased, said_after from ledger.erase('demo', null, null, clock_timestamp(), null,
            gen_random_uuid(), 1000000, 0, 0)
          """)[0]
        #expect(try row.get(0, as: Int32.self) == 1)
        #expect(try row.get(1, as: Int64.self) == 1_000_000)
      }
    }

    /// G12: an erasure of one app touches no other.
    @Test func keepsAppsApart() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        try await rig.append([.message("1")])
        try await rig.append([.message("1")], to: LedgerRig.otherApp)
        let done = try await Eraser(rig.pool).run(
          .user(UserID(unchecked: "ann")), in: rig.app, reason: nil)
        #expect(done.erased == 1)
        #expect(try await rig.events(of: LedgerRig.otherApp)[0].event.content != nil)
      }
    }

    /// G4, G7: an erased ledger is exported and imported, and stays as it is.
    @Test func travels() async throws {
      try await TransferRig.run { rig in
        let token = NewEvent.make(
          .deviceRegistered,
          ["user": "bob", "device": "phone", "platform": "ios", "provider": "apns"],
          ["token": "secret"])
        try await rig.ledger.append([.message("1"), token, .message("2")])
        for scope: Erasure.Scope in [
          .message(MessageID(unchecked: "1")), .user(UserID(unchecked: "bob")),
        ] {
          _ = try await Eraser(rig.ledger.pool).run(scope, in: rig.app, reason: nil)
        }
        _ = try await Exporter(rig.ledger.pool).run(rig.app, to: rig.path("a.ndjson"))
        try await Apps(rig.ledger.pool).create(LedgerRig.otherApp)
        let done = try await rig.load(rig.path("a.ndjson"), into: LedgerRig.otherApp)
        expect([done.newEvents, done.lines], is: [5, 5])
        let (events, copies) = (
          try await rig.ledger.events(), try await rig.ledger.events(of: LedgerRig.otherApp)
        )
        expect(copies.map(\.event), is: events.map(\.event))
        #expect(try await Verifier(rig.ledger.pool).verify(LedgerRig.otherApp).isSound)
        _ = try await Exporter(rig.ledger.pool).run(LedgerRig.otherApp, to: rig.path("b.ndjson"))
        let again = try await rig.load(rig.path("b.ndjson"), into: LedgerRig.otherApp)
        expect([again.newEvents, again.knownEvents], is: [0, 5])
      }
    }

    /// What a ledger that holds other events at these positions would be made to say is refused.
    @Test func staysWithItsLedger() async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append([.message("1"), .message("2")])
        _ = try await Eraser(rig.ledger.pool).run(
          .message(MessageID(unchecked: "1")), in: rig.app, reason: nil)
        _ = try await Exporter(rig.ledger.pool).run(rig.app, to: rig.path("a.ndjson"))
        try await Apps(rig.ledger.pool).create(LedgerRig.otherApp)
        try await rig.ledger.append([.message("x")], to: LedgerRig.otherApp)
        let refused = await rig.refusal(of: rig.path("a.ndjson"), into: LedgerRig.otherApp)
        guard case .invalidLine(let number, _)? = refused else {
          Issue.record("\(String(describing: refused))")
          return
        }
        expect(number, is: 3)
      }
    }
  }
}
