import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct RestoreDetached {
    /// G5: what was detached comes back byte for byte; what was erased in between does not.
    @Test func putsBackWhatWasThere() async throws {
      try await DetachRig.run { rig in
        _ = try await Eraser(rig.pool).run(
          .message(MessageID(unchecked: "2")), in: rig.app, reason: nil)
        let wanted = try await rig.ledger.rows()
        try await rig.detach()
        #expect(try await rig.ledger.rows() != wanted)
        try await rig.ledger.append([.message("later")])
        let report = try await rig.restore()
        expect(report, is: Restorer.Report(events: 4, needsRebuild: true))
        let rows = Set(try await rig.ledger.rows())
        // All but the head, which went on.
        expect(wanted.filter { !rows.contains($0) }.count, is: 1)
        #expect(try await rig.ledger.events()[5].event.content == nil)
        expect(try await rig.leftovers(), is: 0)
        let verified = try await Verifier(rig.pool).verify(rig.app, archive: try rig.opened())
        #expect(verified.isSound)
        expect([verified.events, verified.detached, verified.erased], is: [12, 0, 1])
        #expect(verified.archivedUpTo == nil)
        expect(try await rig.restore(), is: Restorer.Report(events: 0, needsRebuild: false))
      }
    }

    /// Broken off it goes on, and until all is back the ledger says that messages are detached.
    @Test func goesOnWhereItBrokeOff() async throws {
      try await DetachRig.run { rig in
        let wanted = try await rig.ledger.rows()
        try await rig.detach()
        try await rig.ledger.tamper(
          """
          create table kept as select position, digest from ledger.events where position = 7;
          update ledger.events set digest = sha256('x') where position = 7
          """)
        let refused = await failure(ArchiveError.self) {
          _ = try await rig.restore(commitsPerBatch: 1)
        }
        guard case .altered(let flaw)? = refused else {
          Issue.record("\(String(describing: refused))")
          return
        }
        #expect(flaw == LedgerFlaw(kind: .archive, app: rig.app, position: 7))
        expect(try await rig.positions(), is: [1, 2, 3, 4, 5, 6, 7, 9, 10])
        #expect(try await LedgerArchive.find(of: rig.app, rig.pool)?.position == DetachRig.end)
        let again = try await rig.ledger.append([rig.messages[0], rig.messages[3]])
        expect(again.map(\.position), is: [2, 8])
        try await rig.ledger.tamper(
          """
          update ledger.events e set digest = k.digest from kept k where k.position = e.position;
          drop table kept
          """)
        #expect(try await Verifier(rig.pool).verify(rig.app).detached == 1)
        let report = try await rig.restore()
        expect(report, is: Restorer.Report(events: 1, needsRebuild: true))
        expect(try await rig.ledger.rows(), is: wanted)
        expect(try await rig.leftovers(), is: 0)
      }
    }

    /// A rebuild that began without what came back must not take over as if it had it.
    @Test func waitsForARebuild() async throws {
      try await DetachRig.run { rig in
        try await rig.detach()
        _ = try await rig.pool.query(
          "insert into ledger.rebuilds (projection, started_at) values ('notifications', now())")
        let refused = await failure(ArchiveError.self) { _ = try await rig.restore() }
        guard case .rebuilding? = refused else {
          Issue.record("\(String(describing: refused))")
          return
        }
        #expect(try await LedgerArchive.find(of: rig.app, rig.pool) != nil)
        _ = try await rig.pool.query("delete from ledger.rebuilds")
        expect(try await rig.restore(), is: Restorer.Report(events: 0, needsRebuild: true))
      }
    }

    /// What is missing is in one archive, and in no other.
    @Test func namesTheArchiveThatHasIt() async throws {
      try await TransferRig.run { transfer in
        let rig = DetachRig(transfer)
        let early = transfer.path("early")
        try await rig.ledger.append([.message("first")])
        try await rig.archive(to: early)
        try await rig.fill()
        try await rig.detach()
        let shorter = await failure(ArchiveError.self) {
          _ = try await Restorer(rig.pool).run(try ArchiveReader(early), into: rig.app)
        }
        let another = await failure(ArchiveError.self) {
          try await rig.archive(to: transfer.path("new"))
        }
        let behind = await failure(ArchiveError.self) { try await rig.archive(to: early) }
        for refused in [shorter, another, behind] {
          guard case .detached(rig.app, upTo: 9, folder: rig.folder)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
          }
        }
        #expect(!transfer.exists("new"))
        try await rig.archive(to: rig.folder)
        expect(try rig.opened().manifest.position, is: 11)
        try await rig.opened().check()
        expect(try await rig.restore(), is: Restorer.Report(events: 5, needsRebuild: true))
      }
    }

    /// Into another database an archive goes as before, and what was detached is whole there.
    @Test func fillsAnEmptyLedger() async throws {
      try await DetachRig.run { rig in
        let wanted = try await rig.ledger.rows()
        try await rig.detach()
        try await rig.archive(to: rig.folder)
        try await LedgerRig.run { (other: LedgerRig) async throws -> Void in
          let report = try await Restorer(other.pool).run(try rig.opened(), into: other.app)
          expect(report, is: Restorer.Report(events: 10, needsRebuild: false))
          expect(try await other.rows(), is: wanted)
        }
      }
    }

    /// G4: an id is stored once, whether its event is there or in the archive.
    @Test func storesDetachedIDsOnce() async throws {
      try await TransferRig.run { transfer in
        let rig = DetachRig(transfer)
        let sent = (0..<200).map { NewEvent.message("m\($0)") }
        let state = NewEvent.recall("x")
        try await rig.ledger.append(sent + [state])
        try await rig.archive(to: rig.folder)
        try await rig.detach()
        expect(try await rig.positions(), is: [201])

        let one = try await rig.ledger.append([sent[7]])
        expect(one.map(\.position), is: [8])
        let all = try await rig.ledger.append(sent)
        expect(all.map(\.position), is: (1...200).map { Position($0) })
        #expect(all.allSatisfy { !$0.isNew })
        expect(try await rig.positions(), is: [201])

        let new = (0..<100).map { NewEvent.message("n\($0)") }
        let mixed = try await rig.ledger.append(
          Array(sent.prefix(100)) + new + [state, new[3]])
        expect(
          mixed.map(\.position),
          is: (1...100).map { Position($0) } + (202...301).map { Position($0) } + [201, 205])
        expect(mixed.filter(\.isNew).count, is: 100)
        expect(try await rig.ledger.reader.head(of: rig.app), is: 301)

        expect(try await rig.restore(), is: Restorer.Report(events: 200, needsRebuild: true))
        let again = try await rig.ledger.append(sent + new)
        #expect(again.allSatisfy { !$0.isNew })
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    /// G5: the database lets go of what is archived and may be detached, and of nothing else.
    @Test func keepsWhatIsNotArchived() async throws {
      try await DetachRig.run { rig in
        let changes = [
          "delete from ledger.events where position = 1", "delete from ledger.events where true",
          "delete from ledger.events where position = 10",
          "delete from ledger.events where position in (2, 10)", "truncate ledger.events",
          "delete from ledger.commits where commit_number = 1",
        ]
        for isDetached in [false, true] {
          if isDetached { try await rig.detach() }
          for change in changes
            + (isDetached ? [] : ["delete from ledger.events where position = 2"])
          {
            let refused = await failure(PostgresError.self) {
              _ = try await rig.pool.query(change)
            }
            #expect(refused?.sqlState == "LG010", "\(change)")
          }
        }
        let missing = await failure(PostgresError.self) {
          _ = try await rig.pool.query("select ledger.end_archive($1)", [rig.app.rawValue])
        }
        #expect(missing?.sqlState == "LG031")
        expect(try await rig.positions(), is: [1, 3, 4, 7, 9, 10])
      }
    }
  }
}
