import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct VerifyDetached {
    /// G5: what is left of a ledger ends at the chain that it ended at whole.
    @Test func countsWhatIsDetached() async throws {
      try await DetachRig.run { rig in
        let whole = try await Verifier(rig.pool).verify(rig.app)
        expect([whole.events, whole.detached], is: [10, 0])
        #expect(whole.archivedUpTo == nil)
        try await rig.detach()
        expect(try await rig.positions(), is: [1, 3, 4, 7, 9, 10])
        var wanted = whole
        (wanted.events, wanted.detached, wanted.archivedUpTo) = (6, 4, DetachRig.end)
        expect(try await Verifier(rig.pool).verify(rig.app), is: wanted)
        expect(
          try await Verifier(rig.pool).verify(rig.app, archive: try rig.opened()), is: wanted)
        try await rig.ledger.append([.message("more")])
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
        #expect(
          try await Verifier(rig.pool).verify(rig.app, archive: try rig.opened()).isSound)
      }
    }

    /// What was erased before it was detached is named by an event that stays.
    @Test func takesErasedContentAsDetached() async throws {
      try await DetachRig.run { rig in
        _ = try await Eraser(rig.pool).run(
          .message(MessageID(unchecked: "0")), in: rig.app, reason: nil)
        expect(try await Verifier(rig.pool).verify(rig.app).erased, is: 1)
        try await rig.detach()
        let report = try await Verifier(rig.pool).verify(rig.app, archive: try rig.opened())
        #expect(report.isSound)
        expect([report.erased, report.detached], is: [0, 4])
      }
    }

    /// G5: what was done to what is left is found, the rest with the archive's help.
    @Test func findsTampering() async throws {
      try await TransferRig.run { transfer in
        for (number, change) in DetachedTampering.all.enumerated() {
          let rig = DetachRig(transfer, app: AppID(unchecked: "case-\(number)"))
          try await Apps(rig.pool).create(rig.app)
          try await rig.fill()
          try await rig.detach()
          try await rig.ledger.tamper(change.sql.replacing("$app", with: "app = '\(rig.app)'"))
          let alone = try await Verifier(rig.pool).verify(rig.app)
          #expect(alone.flaw == change.alone?.flaw(of: rig.app), "\(change.sql)")
          let archive = try rig.opened()
          let held = try await Verifier(rig.pool).verify(rig.app, archive: archive)
          #expect(held.flaw == change.held.flaw(of: rig.app), "\(change.sql)")
        }
      }
    }

    /// A ledger that was cut off or written anew as a whole does not fit its archive.
    @Test func findsALedgerThatWentAnotherWay() async throws {
      try await DetachRig.run { rig in
        try await rig.ledger.tamper(
          """
          delete from ledger.events where position >= 5;
          delete from ledger.commits where first_position >= 5;
          update ledger.heads h set position = c.last_position,
              commit_number = c.commit_number, chain = c.chain
            from ledger.commits c where c.app = h.app and c.commit_number = 2
          """)
        let archive = try rig.opened()
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
        let cut = try await Verifier(rig.pool).verify(rig.app, archive: archive)
        #expect(cut.flaw == LedgerFlaw(kind: .gap, app: rig.app, position: 5))
        for _ in 0..<3 { try await rig.ledger.append([.recall("x"), .message("x")]) }
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
        let other = try await Verifier(rig.pool).verify(rig.app, archive: archive)
        #expect(other.flaw == LedgerFlaw(kind: .archive, app: rig.app, position: 5))
      }
    }

    /// All of the archive's files are checked, also behind the ledger's first flaw.
    @Test func checksTheArchive() async throws {
      try await DetachRig.run { rig in
        try await rig.detach()
        try await rig.archive(to: rig.folder)
        try await rig.ledger.tamper("update ledger.events set schema = 2 where position = 1")
        let file = "archive-\(rig.app)/events-9.ndjson.gz"
        var bytes = try rig.transfer.read(file)
        bytes[bytes.count / 2] ^= 1
        try rig.transfer.write(file, bytes)
        let refused = await failure(ArchiveError.self) {
          _ = try await Verifier(rig.pool).verify(rig.app, archive: try rig.opened())
        }
        #expect("\(String(describing: refused))".contains("events-9.ndjson.gz"))
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        let foreign = await failure(ArchiveError.self) {
          _ = try await Verifier(rig.pool).verify(LedgerRig.otherApp, archive: try rig.opened())
        }
        guard case .ofAnother? = foreign else {
          Issue.record("\(String(describing: foreign))")
          return
        }
      }
    }

    @Test func knowsTheTypesThatSQLDetaches() async throws {
      try await LedgerRig.run { rig in
        for type in EventType.allCases {
          let answer = try await rig.pool.query(
            "select ledger.is_detachable($1)", [type.rawValue])
          expect(try answer[0].get(0, as: Bool.self), is: type.isDetachable)
        }
      }
    }
  }
}
