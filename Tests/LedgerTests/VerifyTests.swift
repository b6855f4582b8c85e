import Postgres
import PushCore
import TestSupport
import Testing

@testable import Ledger

extension OnALedger {
  @Suite(.timeLimit(.minutes(2))) struct Verify {
    /// G5: whatever was done to a ledger is found, where it begins, and in no other ledger.
    @Test(arguments: Tampering.Part.allCases)
    func findsTampering(part: Tampering.Part) async throws {
      try await LedgerRig.run { rig in
        try await rig.appendSix(to: rig.app)
        for (number, tampering) in Tampering.all.filter({ $0.part == part }).enumerated() {
          let app = AppID(unchecked: "case-\(number)")
          try await Apps(rig.pool).create(app)
          try await rig.appendSix(to: app)
          try await rig.tamper(tampering.sql.replacing("$app", with: "app = '\(app)'"))
          let report = try await Verifier(rig.pool).verify(app)
          let flaw = LedgerFlaw(kind: tampering.kind, app: app, position: tampering.position)
          #expect(report.flaw == flaw, "\(tampering.sql)")
          #expect(report.flaw?.description.hasPrefix("App \(app), position ") == true)
        }
        #expect(try await Verifier(rig.pool).verify(rig.app).isSound)
      }
    }

    @Test func countsWhatFits() async throws {
      try await LedgerRig.run { rig in
        let empty = try await Verifier(rig.pool).verify(rig.app)
        #expect(empty.isSound)
        #expect(empty.events == 0)
        try await rig.appendSix(to: rig.app)
        let report = try await Verifier(rig.pool).verify(rig.app)
        #expect(report.isSound)
        expect([report.events, report.commits, report.erased], is: [6, 3, 0])
        let head = try await rig.pool.query(
          "select encode(chain, 'hex') from ledger.heads where app = $1", [rig.app.rawValue])
        expect(report.chain, is: try head[0].get(0))
        #expect(report.chain != empty.chain)
      }
    }

    /// A ledger written anew as a whole is sound by itself: the chain that was kept elsewhere
    /// tells it apart.
    @Test func tellsARewrittenLedgerByItsChain() async throws {
      try await LedgerRig.run { rig in
        try await rig.appendSix(to: rig.app)
        let kept = try await Verifier(rig.pool).verify(rig.app)
        try await rig.tamper(
          """
          delete from ledger.events where position >= 5;
          delete from ledger.commits where first_position >= 5;
          update ledger.heads h set position = c.last_position,
              commit_number = c.commit_number, chain = c.chain
            from ledger.commits c where c.app = h.app and c.commit_number = 2
          """)
        let cut = try await Verifier(rig.pool).verify(rig.app)
        #expect(cut.isSound)
        #expect(cut.events == 4)
        #expect(cut.chain != kept.chain)
        try await rig.append([.message("5", text: "another"), .recall("5")])
        let rewritten = try await Verifier(rig.pool).verify(rig.app)
        #expect(rewritten.isSound)
        expect([rewritten.events, rewritten.commits], is: [kept.events, kept.commits])
        #expect(rewritten.chain != kept.chain)
      }
    }

    /// G12: the chain begins with the app's name.
    @Test func takesNoLedgerForAnothers() async throws {
      try await LedgerRig.run { rig in
        try await Apps(rig.pool).create(LedgerRig.otherApp)
        try await rig.appendSix(to: rig.app)
        try await rig.tamper(
          """
          delete from ledger.heads where app = 'other';
          update ledger.heads set app = 'other';
          update ledger.commits set app = 'other';
          update ledger.events set app = 'other'
          """)
        let report = try await Verifier(rig.pool).verify(LedgerRig.otherApp)
        #expect(report.flaw == LedgerFlaw(kind: .chain, app: LedgerRig.otherApp, position: 1))
      }
    }

    @Test func walksLedgersOfManyPages() async throws {
      try await LedgerRig.run { rig in
        for batch in 0..<3 {
          try await rig.append((0..<4_000).map { NewEvent.recall("\(batch)-\($0)") })
        }
        for number in 0..<520 { try await rig.append([.recall("\(number)")]) }
        let report = try await Verifier(rig.pool).verify(rig.app)
        #expect(report.isSound)
        expect([report.events, report.commits], is: [12_520, 523])
        let places: [Position] = [12_520, 12_001, 10_001, 5_001, 5_000]
        for place in places {
          try await rig.tamper(
            "update ledger.events set data = data || '{\"by\": \"eve\"}' where position = \(place)")
          let flaw = try await Verifier(rig.pool).verify(rig.app).flaw
          #expect(flaw == LedgerFlaw(kind: .digest, app: rig.app, position: place))
        }
      }
    }

    @Test func isNotDisturbedByAppends() async throws {
      try await LedgerRig.run { rig in
        let writer = Task {
          while !Task.isCancelled { try await rig.append([.recall("more"), .message("more")]) }
        }
        var last: Int64 = 0
        while last < 100 {
          let report = try await Verifier(rig.pool).verify(rig.app)
          #expect(report.isSound)
          #expect(report.events >= last)
          last = report.events
        }
        writer.cancel()
        _ = await writer.result
      }
    }

    @Test func saysThatAnAppIsUnknown() async throws {
      try await LedgerRig.run { rig in
        let nobody = AppID(unchecked: "nobody")
        let refused = await failure(LedgerReadError.self) {
          _ = try await Verifier(rig.pool).verify(nobody)
        }
        #expect(refused == .unknownApp(nobody))
      }
    }
  }
}

extension LedgerRig {
  /// Three commits: of positions 1 to 3, of 4, of 5 and 6. There is content at 2 and 5.
  fileprivate func appendSix(to app: AppID) async throws {
    try await append([.recall("1"), .message("2"), .recall("3")], to: app)
    try await append([.recall("4")], to: app)
    try await append([.message("5"), .recall("6")], to: app)
  }
}
