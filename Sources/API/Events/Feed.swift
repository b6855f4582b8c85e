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
  let after: Position
  let limit: Int64
  let follows: Bool
  let showsTokens: Bool

  func write(to writer: inout any ResponseBodyWriter) async throws {
    var position = after
    var left = limit
    var lastWrite = ContinuousClock.now
    while left > 0, !gate.isStopping {
      let seen = signals.count(of: app)
      let wanted = Int(min(left, Int64(Self.eventsPerPage)))
      let page = try await page(after: position, limit: wanted)
      try await send(page, to: &writer)
      left -= Int64(page.count)
      if let last = page.last {
        position = last.position
        lastWrite = .now
      }
      if page.count == wanted { continue }
      guard follows else { return }
      if lastWrite.duration(to: .now) >= APILimits.feedHeartbeat {
        try await writer.write(ByteBuffer(string: "\n"))
        lastWrite = .now
      }
      if page.isEmpty {
        await signals.wait(for: app, after: seen, atMost: LedgerFollower.usualPoll)
        try Task.checkCancellation()
      }
    }
  }

  private func page(after position: Position, limit: Int) async throws -> [RecordedEvent] {
    if let stream {
      try await reading.ledger.events(of: app, stream: stream, after: position, limit: limit)
    } else {
      try await reading.ledger.events(of: app, after: position, limit: limit)
    }
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
