import Hummingbird
import Ledger
import NIOCore
import PushCore

/// The lines of one answer of `GET /v1/events`.
///
///     page ──► lines, in chunks; a slow reader holds the next page back
///       ▲          │ page was not full
///       └── signal, or a heartbeat ◄── follows
struct Feed: Sendable {
  /// Events in memory at once; with its largest events a page is 16 MiB.
  static let eventsPerPage = 250
  /// Lines are sent in chunks of about this many bytes.
  static let chunkBytes = 64 * 1024

  let reading: Reading
  let signals: LedgerSignals
  let gate: FeedGate
  let app: AppID
  let stream: StreamName?
  /// Nil where the reader keeps its place itself.
  let lease: SubscriptionLease?
  let subscriptions: Subscriptions
  let after: Position
  let limit: Int64
  let follows: Bool
  let showsTokens: Bool
  /// Whether who reads may still do so.
  let stillHolds: @Sendable () async -> Bool

  func write(to writer: inout any ResponseBodyWriter) async throws {
    var position = after
    var left = limit
    var lastWrite = ContinuousClock.now
    var lastRenewal = lastWrite
    while left > 0, !gate.isStopping {
      let seen = signals.count(of: app)
      let wanted = Int(min(left, Int64(Self.eventsPerPage)))
      let renews = lastRenewal.duration(to: .now) >= renewal
      guard let page = try await page(after: position, limit: wanted, renews: renews) else {
        return
      }
      // Asked after it was read: what came after a key's end is not sent.
      if follows { guard await stillHolds() else { return } }
      try await send(page.events, to: &writer)
      left -= Int64(page.events.count)
      if renews || page.upTo > position { lastRenewal = .now }
      position = page.upTo
      if !page.events.isEmpty { lastWrite = .now }
      if !page.isAtEnd { continue }
      guard follows else { return }
      if lastWrite.duration(to: .now) >= APILimits.feedHeartbeat {
        try await writer.write(ByteBuffer(string: "\n"))
        lastWrite = .now
      }
      if page.events.isEmpty {
        await signals.wait(for: app, after: seen, atMost: LedgerFollower.usualPoll)
        try Task.checkCancellation()
      }
    }
  }

  /// The lease is renewed when a third of its time is over.
  private var renewal: Duration { .seconds(lease?.seconds ?? 0) / 3 }

  /// - Returns: Nil where the lease is another's: nothing more may go out.
  private func page(
    after position: Position, limit: Int, renews: Bool
  ) async throws -> Subscriptions.Page? {
    if let lease {
      do {
        return try await subscriptions.page(
          lease, of: app, after: position, limit: limit, renews: renews)
      } catch is SubscriptionError {
        return nil
      }
    }
    let events =
      if let stream {
        try await reading.ledger.events(of: app, stream: stream, after: position, limit: limit)
      } else {
        try await reading.ledger.events(of: app, after: position, limit: limit)
      }
    return Subscriptions.Page(
      events: events, upTo: events.last?.position ?? position, isAtEnd: events.count < limit)
  }

  private func send(
    _ page: [RecordedEvent], to writer: inout any ResponseBodyWriter
  ) async throws {
    var buffer = ByteBuffer()
    for event in page {
      var event = event
      if !showsTokens, event.event.type == .deviceRegistered { event.event.content = nil }
      buffer.writeBytes(event.exportLine())
      buffer.writeInteger(UInt8(ascii: "\n"))
      if buffer.readableBytes >= Self.chunkBytes {
        try await writer.write(buffer)
        buffer.clear()
      }
    }
    if buffer.readableBytes > 0 { try await writer.write(buffer) }
  }
}
