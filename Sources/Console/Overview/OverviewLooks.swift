import Postgres
import PushCore

/// The overview's facts, read once for all that look at the same time: what the database has to do
/// does not grow with the browsers that are open.
actor OverviewLooks {
  /// So old may facts be that are shown again.
  static let freshness = Duration.milliseconds(1_900)
  /// Overviews remembered at most.
  static let limit = 200

  private struct Subject: Hashable {
    let app: AppID
    let span: OverviewSpan
  }

  private struct Look {
    let begun: ContinuousClock.Instant
    let facts: Task<OverviewFacts, any Error>
  }

  private let reader: OverviewReader
  nonisolated let clock: @Sendable () -> Timestamp
  private var looks: [Subject: Look] = [:]

  init(_ reader: OverviewReader, clock: @escaping @Sendable () -> Timestamp) {
    self.reader = reader
    self.clock = clock
  }

  func facts(of app: AppID, _ span: OverviewSpan) async throws -> OverviewFacts {
    let subject = Subject(app: app, span: span)
    if let look = looks[subject], look.begun.duration(to: .now) < Self.freshness {
      return try await look.facts.value
    }
    if looks.count >= Self.limit { looks = [:] }
    let (reader, start) = (reader, span.start(at: clock()))
    let facts = Task { try await reader.read(app, span, from: start) }
    looks[subject] = Look(begun: .now, facts: facts)
    return try await facts.value
  }
}
