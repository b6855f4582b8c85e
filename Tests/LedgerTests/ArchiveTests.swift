import Foundation
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct ArchiveLedgers {
    private static let later = Timestamp(microseconds: 4_000_000_000_000_000)

    private func fill(_ rig: LedgerRig) async throws {
      try await rig.append([
        .recall("1"), .message("2", text: "hello \"b\" \\ \u{1F600} é"), .recall("3"),
      ])
      try await rig.append([.recall("4")])
      try await rig.append([.message("5"), .recall("6")])
      _ = try await rig.pool.query(
        """
        select ledger.append('demo', array[gen_random_uuid()], array['message.recalled'],
          array[1::smallint], array['message/7'], array[now()],
          array['{"message_id": "7", "by": 1.50, "x": "a\\nb"}'::jsonb],
          array[E'{"y":\\n [1,  2]}'::json])
        """)
    }

    private func archive(
      _ rig: TransferRig, perPart: Int64 = 1_000, before moment: Timestamp = Self.later
    ) async throws -> ArchiveManifest {
      try await Archiver(rig.ledger.pool, eventsPerPart: perPart).run(
        rig.app, before: moment, to: rig.path("archive")
      ).manifest
    }

    /// A new database gets what is in the archive, and is the same then.
    private func restored(
      _ rig: TransferRig, _ body: @escaping @Sendable (LedgerRig) async throws -> Void
    ) async throws {
      let folder = rig.path("archive")
      try await LedgerRig.run { (other: LedgerRig) async throws -> Void in
        let archive = try ArchiveReader(folder)
        _ = try await Restorer(other.pool).run(archive, into: other.app)
        try await body(other)
      }
    }

    /// G5: what is archived and restored is the same, row for row, and verifies.
    @Test(arguments: [1, 3, 1_000]) func restoresExactly(perPart: Int64) async throws {
      try await TransferRig.run { rig in
        try await fill(rig.ledger)
        let manifest = try await archive(rig, perPart: perPart)
        expect(manifest.position, is: 7)
        expect(manifest.parts.count, is: [1: 4, 3: 3, 1_000: 1][perPart] ?? 0)
        try await ArchiveReader(rig.path("archive")).check()
        let wanted = try await rig.ledger.rows()
        try await restored(rig) { (other: LedgerRig) async throws -> Void in
          #expect(try await other.rows() == wanted)
          #expect(try await Verifier(other.pool).verify(other.app).isSound)
          try await other.append([.recall("8")])
          #expect(try await Verifier(other.pool).verify(other.app).isSound)
        }
      }
    }

    @Test func goesOnWhereItWas() async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append([.recall("1"), .message("2")])
        expect(try await archive(rig).position, is: 2)
        expect(try await archive(rig).parts.count, is: 1)
        try await rig.ledger.append([.message("3")])
        let grown = try await archive(rig)
        expect([grown.position, Int64(grown.parts.count)], is: [3, 2])
        let nothing = try await archive(rig, before: Timestamp(microseconds: 0))
        #expect(nothing == grown)
        let wanted = try await rig.ledger.rows()
        try await restored(rig) { (other: LedgerRig) async throws -> Void in
          #expect(try await other.rows() == wanted)
          let again = try await Restorer(other.pool).run(
            try ArchiveReader(rig.path("archive")), into: other.app)
          expect(again.events, is: 0)
        }
      }
    }

    @Test func takesWhatIsOldEnough() async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append([.recall("1"), .message("2")])
        let moment = try await rig.ledger.pool.query("select clock_timestamp()")[0]
          .get(0, as: PostgresTimestamp.self)
        try await rig.ledger.append([.message("3")])
        let manifest = try await archive(
          rig, before: Timestamp(microseconds: moment.microseconds))
        expect(manifest.position, is: 2)
      }
    }

    /// Whatever is changed in an archive is found, with no database.
    @Test func findsTampering() async throws {
      try await TransferRig.run { rig in
        try await fill(rig.ledger)
        _ = try await archive(rig)
        let folder = rig.path("archive")
        for file in ["events-1.ndjson.gz", "commits-1.ndjson.gz"] {
          let whole = try rig.read("archive/" + file)
          var changed = whole
          changed[changed.count / 2] ^= 1
          try rig.write("archive/" + file, changed)
          let refused = await failure(ArchiveError.self) { try await ArchiveReader(folder).check() }
          #expect("\(String(describing: refused))".contains(file))
          try rig.write("archive/" + file, whole)
        }
        // Also where the manifest was made to fit.
        let plain = rig.path("archive/events-1.ndjson.gz")
        var lines: [String] = []
        var reader = LineReader(try FileDescriptor.reading(plain))
        while try reader.next({ bytes throws(TransferError) in
          lines.append(String(decoding: bytes, as: UTF8.self))
        }) {}
        let manifest = try rig.read("archive/manifest.json")
        let old = try ArchiveReader.sha256(plain)
        for (place, change) in [
          (1, { (line: String) in line.replacing("hello", with: "hallo") }),
          (4, { $0.replacing("hello", with: "hallo") }), (0, { $0.replacing("ann", with: "eve") }),
          (6, { $0.replacing("[1,  2]", with: "[1, 2]") }),
          (2, { $0.replacing("\"schema\":1", with: "\"schema\":2") }),
          (3, { _ in "" }), (5, { $0 + "\n" + $0 }),
        ] as [(Int, (String) -> String)] {
          var changed = lines
          changed[place] = change(changed[place])
          if changed == lines { continue }
          try rig.write("archive/events-1.ndjson.gz", changed.map { $0 + "\n" }.joined().utf8)
          try rig.write(
            "archive/manifest.json",
            String(decoding: manifest, as: UTF8.self)
              .replacing(old, with: try ArchiveReader.sha256(plain)).utf8)
          let refused = await failure(ArchiveError.self) { try await ArchiveReader(folder).check() }
          #expect(refused != nil, "line \(place + 1)")
        }
      }
    }

    /// A commit whose positions cannot be is refused like any other that is wrong.
    @Test(arguments: ["-9223372036854775808", "0", "8"])
    func refusesImpossibleCommits(first: String) async throws {
      try await TransferRig.run { rig in
        try await fill(rig.ledger)
        _ = try await archive(rig)
        let file = rig.path("archive/commits-1.ndjson.gz")
        var lines: [String] = []
        var reader = LineReader(try FileDescriptor.reading(file))
        while try reader.next({ bytes throws(TransferError) in
          lines.append(String(decoding: bytes, as: UTF8.self))
        }) {}
        let old = try ArchiveReader.sha256(file)
        lines[0].replace("\"first_position\":1,", with: "\"first_position\":\(first),")
        try rig.write("archive/commits-1.ndjson.gz", lines: lines)
        let manifest = String(decoding: try rig.read("archive/manifest.json"), as: UTF8.self)
        try rig.write(
          "archive/manifest.json",
          manifest.replacing(old, with: try ArchiveReader.sha256(file)).utf8)
        let refused = await failure(ArchiveError.self) {
          try await ArchiveReader(rig.path("archive")).check()
        }
        #expect("\(String(describing: refused))".contains("line 1 is no commit"))
      }
    }

    /// The manifest names what was read back and fits, and nothing else.
    @Test func namesNoPartThatDoesNotFit() async throws {
      try await TransferRig.run { rig in
        try await fill(rig.ledger)
        try await rig.ledger.tamper(
          "update ledger.commits set chain = sha256('x') where commit_number = 2")
        let refused = await failure(ArchiveError.self) { _ = try await archive(rig, perPart: 3) }
        guard case .unsoundLedger(let flaw)? = refused else {
          Issue.record("\(String(describing: refused))")
          return
        }
        #expect(flaw == LedgerFlaw(kind: .chain, app: rig.app, position: 4))
        let manifest = try ArchiveManifest(folder: rig.path("archive"))
        #expect(manifest?.parts.map(\.lastPosition) == [3])
      }
    }

    @Test(
      "a ledger that was changed is named, and leaves no files without a manifest",
      arguments: [
        ("update ledger.events set data = '{}' where position = 1", LedgerFlaw.Kind.chain, 1),
        ("delete from ledger.events where position = 7", .gap, 7),
        ("delete from ledger.commits where commit_number = 1", .gap, 1),
      ] as [(String, LedgerFlaw.Kind, Position)])
    func namesTheLedger(_ change: String, _ kind: LedgerFlaw.Kind, _ position: Position)
      async throws
    {
      try await TransferRig.run { rig in
        try await fill(rig.ledger)
        try await rig.ledger.tamper(change)
        let refused = await failure(ArchiveError.self) { _ = try await archive(rig) }
        guard case .unsoundLedger(let flaw)? = refused else {
          Issue.record("\(String(describing: refused))")
          return
        }
        #expect(flaw == LedgerFlaw(kind: kind, app: rig.app, position: position))
        #expect(refused?.description.contains("pushledger verify \(rig.app)") == true)
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: rig.path("archive")).isEmpty)
      }
    }

    /// An archive is put back into its own ledger, and into none that went another way.
    @Test func refusesAnotherLedger() async throws {
      try await TransferRig.run { rig in
        try await fill(rig.ledger)
        _ = try await archive(rig, perPart: 3)
        try await LedgerRig.run { (other: LedgerRig) async throws -> Void in
          try await other.append([.recall("x")])
          let archive = try ArchiveReader(rig.path("archive"))
          let refused = await failure(ArchiveError.self) {
            _ = try await Restorer(other.pool).run(archive, into: other.app)
          }
          guard case .otherLedger? = refused else {
            Issue.record("\(String(describing: refused))")
            return
          }
          expect(try await other.reader.head(of: other.app), is: 1)
          try await Apps(other.pool).create(LedgerRig.otherApp)
          let foreign = await failure(ArchiveError.self) {
            _ = try await Restorer(other.pool).run(archive, into: LedgerRig.otherApp)
          }
          guard case .ofAnother? = foreign else {
            Issue.record("\(String(describing: foreign))")
            return
          }
        }
      }
    }

    /// G4: an id that came back from an archive is stored once.
    @Test func keepsIDs() async throws {
      try await TransferRig.run { rig in
        let event = NewEvent.message("1")
        try await rig.ledger.append([event, .recall("2")])
        _ = try await archive(rig)
        try await restored(rig) { (other: LedgerRig) async throws -> Void in
          let again = try await other.append([event])
          expect(again.map(\.position), is: [1])
          expect(try await other.reader.head(of: other.app), is: 2)
        }
      }
    }

    /// What was erased after it was archived does not come back with the next part.
    @Test func bringsNothingErasedBack() async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append([.message("1", text: "gone"), .message("2")])
        _ = try await archive(rig)
        _ = try await Eraser(rig.ledger.pool).run(
          .message(MessageID(unchecked: "1")), in: rig.app, reason: nil)
        _ = try await archive(rig)
        let wanted = try await rig.ledger.rows()
        try await restored(rig) { (other: LedgerRig) async throws -> Void in
          #expect(try await other.rows() == wanted)
          #expect(try await other.events()[0].event.content == nil)
          #expect(try await Verifier(other.pool).verify(other.app).isSound)
        }
      }
    }
  }
}
