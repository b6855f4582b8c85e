import Foundation
import Ledger
import Postgres
import PushCore
import Testing

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct RefuseFiles {
    private static let invalid = [
      "{", "[]", "1", "null", "unmistakable", "{\"event_id\":\"unmistakable text\"}", "\u{FEFF}{}",
      TransferRig.line("1").replacing("message.recalled", with: "message.unknown"),
      TransferRig.line("1").replacing("\"by\":\"ann\"", with: "\"by\":\"\""),
      TransferRig.line("1").replacing("\"message_id\"", with: "\"unmistakable\""),
      TransferRig.line("1").replacing("2026-01-31T09:30:00Z", with: "unmistakable text"),
      TransferRig.line("1") + TransferRig.line("2"), String(TransferRig.line("1").dropLast()),
      TransferRig.line("1").replacing("ann", with: "unmistakable\\u0000"),
    ]

    /// G13: a line is named by its number and its field, and nothing that may be somebody's text is
    /// shown: of an id or a time at most one short word.
    @Test func refusesAnInvalidLineByItsNumber() async throws {
      try await TransferRig.run { rig in
        for (index, text) in Self.invalid.enumerated() {
          let path = try rig.write(
            "events.ndjson",
            lines: ["", TransferRig.line("a"), text, TransferRig.line("b"), "{"])
          guard case .invalidLine(let number, let error)? = await rig.refusal(of: path) else {
            Issue.record("Invalid line \(index) was taken")
            continue
          }
          #expect(number == 3)
          let description = TransferError.invalidLine(number: number, error).description
          #expect(description.hasPrefix("Line 3: "))
          #expect(!description.contains("unmistakable"), "\(index)")
        }
        expect(try await rig.head(), is: 0)
      }
    }

    /// Whole batches before it stay, and the file can be imported again once it is put right.
    @Test func keepsTheBatchesBeforeAnInvalidLine() async throws {
      try await TransferRig.run { rig in
        var lines = (0..<3_000).map { TransferRig.line("\($0)") }
        let good = lines[2_500]
        lines[2_500] = "{}"
        let refused = await rig.refusal(of: try rig.write("events.ndjson", lines: lines))
        #expect(refused?.code == "invalid_line")
        #expect(refused?.description.hasPrefix("Line 2501: event_id") == true)
        expect(try await rig.head(), is: 2_000)
        lines[2_500] = good
        let done = try await rig.load(try rig.write("events.ndjson", lines: lines))
        expect([done.newEvents, done.knownEvents], is: [1_000, 2_000])
      }
    }

    /// An event that only the database refuses is found among those of its batch.
    @Test(arguments: [0, 1, 6, 7]) func refusesWhatTheDatabaseRefuses(at place: Int) async throws {
      try await TransferRig.run { rig in
        var lines = (0..<7).map { TransferRig.line("\($0)") }
        lines.insert(TransferRig.poison("unmistakable"), at: place)
        let refused = await rig.refusal(of: try rig.write("events.ndjson", lines: lines))
        #expect(
          refused?.description.hasPrefix("Line \(place + 1): is refused by the database.") == true)
        #expect(refused?.description.contains("unmistakable") == false)
        expect(try await rig.head(), is: 0)
      }
    }

    @Test("a file is not emptied by writing aside to itself")
    func keepsTheFileThatIsRead() async throws {
      try await TransferRig.run { rig in
        let path = try rig.write("good.ndjson", lines: [TransferRig.line("1")])
        let before = try rig.read("good.ndjson")
        for aside in [path, rig.path("./good.ndjson")] {
          guard case .cannotWrite? = await rig.refusal(of: path, skippingInvalidTo: aside) else {
            Issue.record("\(aside) is written")
            continue
          }
        }
        #expect(try rig.read("good.ndjson") == before)
      }
    }

    @Test("a link keeps leading to what is exported, and a device stays one")
    func exportsIntoLinksAndDevices() async throws {
      try await TransferRig.run { rig in
        try await rig.ledger.append([.recall("1")])
        let target = try rig.write("target.ndjson", lines: [])
        try FileManager.default.createSymbolicLink(
          atPath: rig.path("link.ndjson"), withDestinationPath: target)
        for path in [rig.path("link.ndjson"), "/dev/null"] {
          _ = try await Exporter(rig.ledger.pool).run(rig.app, to: path)
        }
        #expect(try !rig.read("target.ndjson").isEmpty)
        #expect(
          try FileManager.default.destinationOfSymbolicLink(atPath: rig.path("link.ndjson"))
            == target)
        let kind = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type]
        #expect(kind as? FileAttributeType == .typeCharacterSpecial)
      }
    }

    @Test func writesInvalidLinesAsideAndGoesOn() async throws {
      try await TransferRig.run { rig in
        var lines: [String] = []
        let poison = [TransferRig.poison("p"), TransferRig.poison("q")]
        for (index, text) in (Self.invalid + poison).enumerated() {
          lines += [TransferRig.line("\(index)"), text]
        }
        let good = Self.invalid.count + poison.count
        let path = try rig.write("events.ndjson", lines: lines)
        let done = try await rig.load(path, skippingInvalidTo: rig.path("bad.ndjson"))
        expect([done.newEvents, done.skippedLines], is: [good, good])
        #expect(done.lines == lines.count)
        let bad = String(decoding: try rig.read("bad.ndjson"), as: UTF8.self)
        #expect(bad.hasSuffix("\n"))
        #expect(
          bad.dropLast().split(separator: "\n").sorted { $0 < $1 }
            == (Self.invalid + poison).map { $0[...] }.sorted { $0 < $1 })
        let stored = try await rig.ledger.events().map { try JSON.parse($0.event.data) }
        #expect(stored.map { $0["message_id"]?.string } == (0..<good).map { "\($0)" })
        let again = try await rig.load(path, skippingInvalidTo: rig.path("bad.ndjson"))
        expect([again.newEvents, again.knownEvents, again.skippedLines], is: [0, good, good])
        expect(try rig.read("bad.ndjson").count, is: bad.utf8.count)
      }
    }

    @Test func refusesALineThatIsTooLong() async throws {
      try await TransferRig.run { rig in
        let spaces = String(
          repeating: " ", count: EventFile.maximumLineBytes - TransferRig.line("1").utf8.count)
        let longest = [TransferRig.line("1") + spaces, spaces + TransferRig.line("2")]
        #expect(longest.allSatisfy { $0.utf8.count == EventFile.maximumLineBytes })
        let fits = try rig.write("long.ndjson", lines: longest)
        expect(try await rig.load(fits).newEvents, is: 2)
        for text in [longest[0] + " ", String(repeating: "x", count: 5_000_000)] {
          for lines in [[TransferRig.line("3"), text], [TransferRig.line("3"), text, ""]] {
            let path = try rig.write("longer.ndjson", lines.joined(separator: "\n").utf8)
            expect(await rig.refusal(of: path), is: .lineTooLong(number: 2))
            expect(
              await rig.refusal(of: path, skippingInvalidTo: rig.path("bad")),
              is: .lineTooLong(number: 2))
          }
        }
        expect(try await rig.head(), is: 2)
      }
    }

    @Test func refusesATruncatedFile() async throws {
      try await TransferRig.run { rig in
        let events = (0..<500).map { NewEvent.message("\($0)") }
        let whole = try rig.read((try await rig.export(events, as: "whole.gz")).name)
        for count in [2, 3, 10, 11, whole.count / 2, whole.count - 8, whole.count - 1] {
          let path = try rig.write("cut.gz", whole.prefix(count))
          expect(await rig.refusal(of: path), is: .truncatedGzip(path: path))
        }
        expect(try await rig.head(), is: 0)
        let two = try rig.write("two.gz", whole + whole)
        expect(try await rig.load(two).newEvents, is: 500)
        let cut = try rig.write("cut.gz", whole + whole.dropLast(9))
        expect(await rig.refusal(of: cut), is: .truncatedGzip(path: cut))
      }
    }

    @Test func refusesACorruptFile() async throws {
      try await TransferRig.run { rig in
        let whole = try rig.read((try await rig.export([.message("1")], as: "whole.gz")).name)
        var wrongSum = whole
        wrongSum[whole.count - 6] ^= 1
        var wrongLength = whole
        wrongLength[whole.count - 1] ^= 1
        var wrongMethod = whole
        wrongMethod[2] = 7
        var wrongBlock = whole
        wrongBlock[10] |= 0b110
        for bytes in [wrongSum, wrongLength, wrongMethod, wrongBlock, whole + Data("more".utf8)] {
          let path = try rig.write("corrupt.gz", bytes)
          let refused = await rig.refusal(of: path)
          #expect(refused?.code == "corrupt_gzip")
          #expect(
            refused?.description.hasPrefix("\(path) is no sound gzip file: ") == true)
        }
        expect(try await rig.head(), is: 0)
      }
    }

    @Test func importsNothingFromAnEmptyFile() async throws {
      try await TransferRig.run { rig in
        for path in [
          try rig.write("empty.ndjson", []), try rig.write("empty.gz", []),
          try await rig.export([], as: "none.gz"), try await rig.export([], as: "none.ndjson"),
        ] {
          let done = try await rig.load(path)
          expect([done.lines, done.newEvents, done.knownEvents], is: [0, 0, 0])
        }
        expect(try await rig.head(), is: 0)
      }
    }

    @Test func saysWhichFileCannotBeRead() async throws {
      try await TransferRig.run { rig in
        let none = rig.path("none.ndjson")
        expect(
          await rig.refusal(of: none),
          is: .cannotOpen(path: none, reason: "No such file or directory"))
        let folder = rig.folder.path
        expect(
          await rig.refusal(of: folder), is: .cannotRead(path: folder, reason: "Is a directory"))
        let path = try rig.write("events.ndjson", lines: [TransferRig.line("1")])
        expect(
          await rig.refusal(of: path, skippingInvalidTo: folder),
          is: .cannotOpen(path: folder, reason: "Is a directory"))
        expect(try await rig.head(), is: 0)
      }
    }

    @Test func saysThatAnAppIsUnknown() async throws {
      try await TransferRig.run { rig in
        let nobody = AppID(unchecked: "nobody")
        let path = try rig.write("events.ndjson", lines: [TransferRig.line("1")])
        expect(
          await rig.refusal(of: path, into: nobody), is: .append(.unknownApp(nobody)))
        expect(
          await rig.refusal(of: path, into: nobody, skippingInvalidTo: rig.path("bad")),
          is: .append(.unknownApp(nobody)))
        #expect(try rig.read("bad").isEmpty)
      }
    }
  }
}

extension String {
  /// The last part of a path.
  fileprivate var name: String { URL(filePath: self).lastPathComponent }
}
