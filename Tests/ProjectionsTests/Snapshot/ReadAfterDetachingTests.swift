import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

/// Whoever follows a ledger is told where messages are missing, and is given none but whole parts.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct ReadAfterDetaching {
  /// - Parameter body: Called with the archive's end.
  private func with(_ body: @Sendable (DetachRig, Position) async throws -> Void) async throws {
    try await DetachRig.run { rig in
      var history = RandomHistory(seed: 41, app: rig.app)
      try await rig.append(&history, 200)
      try await rig.accept()
      let moment = try await rig.now()
      let end = try await rig.head()
      try await rig.append(&history, 100)
      try await rig.accept()
      #expect(try await rig.detach(before: moment).position == end)
      try await body(rig, end)
    }
  }

  private func refusal(
    _ body: () async throws -> Void
  ) async throws -> LedgerReadError? {
    do {
      try await body()
      return nil
    } catch let error as LedgerReadError {
      return error
    } catch TransferError.read(let error) {
      return error
    }
  }

  @Test("G3: reads after the archive's end, and never passes over what is missing before")
  func readsWholeParts() async throws {
    try await with { rig, end in
      let reader = LedgerReader(rig.rig.pool)
      let archived = LedgerReadError.archived(rig.app, upTo: end)
      #expect(try await reader.archive(of: rig.app)?.position == end)
      for position in [0, end - 1] as [Position] {
        #expect(
          try await refusal { try await reader.requireAll(of: rig.app, after: position) }
            == archived)
      }
      try await reader.requireAll(of: rig.app, after: end)
      let rest = try await reader.events(of: rig.app, after: end, limit: 1_000)
      #expect(rest.map(\.position) == Array(end + 1...(try await rig.head())))
      // Also a reader that was there before the messages went.
      #expect(
        try await refusal {
          _ = try await reader.events(of: rig.app, after: 0, limit: 1_000)
        } == archived)
      #expect(
        try await refusal {
          var pages = reader.follow(rig.app, after: 0).makeAsyncIterator()
          _ = try await pages.next()
        } == archived)
    }
  }

  @Test("exports what is whole, and refuses the rest with the way out")
  func exports() async throws {
    try await with { rig, end in
      let file = rig.folder + "/export.ndjson"
      let refused = try await refusal {
        _ = try await Exporter(rig.rig.pool).run(rig.app, to: file)
      }
      #expect(refused == .archived(rig.app, upTo: end))
      #expect(refused?.description.contains("form of an export") == true)
      #expect(!FileManager.default.fileExists(atPath: file))
      let head = try await rig.head()
      let done = try await Exporter(rig.rig.pool).run(rig.app, to: file, after: end)
      #expect(done.position == head && Int64(done.newEvents) == head - end)
    }
  }

  @Test("G19: begins no subscription before what is here")
  func subscribes() async throws {
    try await with { rig, end in
      let subscriptions = Subscriptions(rig.rig.pool)
      let name = SubscriptionName(unchecked: "all")
      let archived = LedgerReadError.archived(rig.app, upTo: end)
      #expect(
        try await refusal {
          _ = try await subscriptions.create(name, of: rig.app, types: nil, after: end - 1)
        } == archived)
      for isNew in [true, false] {
        #expect(
          try await subscriptions.create(name, of: rig.app, types: nil, after: end) == isNew)
      }
      let now = SubscriptionName(unchecked: "now")
      #expect(try await subscriptions.create(now, of: rig.app, types: nil, after: nil))
      let lease = try await subscriptions.take(name, of: rig.app, for: "one", seconds: 30)
      let page = try await subscriptions.page(
        lease, of: rig.app, after: lease.position, limit: 10, renews: true)
      #expect(page.events.first?.position == end + 1)
      // One that came just before is told so when it reads.
      _ = try await rig.rig.pool.query(
        "update ledger.subscriptions set started_after = 0, position = 0")
      #expect(
        try await refusal {
          _ = try await subscriptions.take(name, of: rig.app, for: "one", seconds: 30)
        } == archived)
    }
  }
}
