import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Postgres
import PushCore
import Synchronization

/// Writes all that a filter finds as a file, from the newest to the oldest.
///
/// Rows are read in batches, each by a connection that is given back before the batch is written,
/// so that a slow reader holds neither memory nor a connection that a page needs.
struct DeliveryExport: Sendable {
  /// After so many the file ends.
  static let rowLimit = 1_000_000
  /// Rows read at a time.
  static let batch = 2_000
  /// Batches at most, full or not: what is rare is looked for in many that find nothing.
  static let batches = 100_000
  /// Exports of all apps at a time.
  static let places = 4
  /// A reader that takes nothing for so long is cut.
  static let writePatience = Duration.seconds(30)

  let pool: PostgresPool
  let sessions: ConsoleSessions
  private let slots = ExportSlots()

  init(pool: PostgresPool, sessions: ConsoleSessions) {
    self.pool = pool
    self.sessions = sessions
  }

  func response(
    _ request: Request, _ context: ConsoleContext, _ filter: DeliveryFilter,
    _ format: ExportFormat, at now: Timestamp
  ) throws -> Response {
    guard let app = context.session?.caller.app, let cookie = SessionCookie.read(request) else {
      throw Refusal.signedOut
    }
    guard let slot = slots.enter() else {
      return Response(
        status: .serviceUnavailable,
        headers: [.retryAfter: "10", .contentType: "text/plain; charset=utf-8"],
        body: ResponseBody(
          byteBuffer: ByteBuffer(
            string: "\(Self.places) exports are being written. Try again in a moment.\n")))
    }
    let walk = DeliveryWalk(app: app, filter: filter)
    let channel = context.channel
    return Response(
      status: .ok,
      headers: [
        .contentType: format.type,
        .contentDisposition: "attachment; filename=\"\(Self.fileName(app, filter, format, now))\"",
      ],
      body: ResponseBody { writer in
        // Held until the reader is gone, or was gone before this began.
        defer { withExtendedLifetime(slot) {} }
        try await write(walk, cookie, format, to: &writer, channel)
        try await writer.finish(nil)
      })
  }

  private func write(
    _ walk: DeliveryWalk, _ cookie: String, _ format: ExportFormat,
    to writer: inout any ResponseBodyWriter, _ channel: any Channel
  ) async throws {
    if let head = format.head { try await Self.write(head, to: &writer, channel) }
    var cursor: DeliveryCursor?
    var left = Self.rowLimit
    for _ in 0..<Self.batches {
      // Who signed out, or whose key was revoked, is told no more: the file breaks off.
      guard try await sessions.find(cookie) != nil else { throw Refusal.signedOut }
      let (limit, before) = (min(Self.batch, left), cursor)
      let found = try await pool.withConnection { connection in
        try await walk.find(limit, before: before, connection)
      }
      if !found.deliveries.isEmpty {
        var bytes: [UInt8] = []
        for delivery in found.deliveries { format.add(delivery.values, to: &bytes) }
        try await Self.write(bytes, to: &writer, channel)
        left -= found.deliveries.count
      }
      guard left > 0, let next = found.next, !Task.isCancelled else { return }
      cursor = next
    }
  }

  private static func write(
    _ bytes: [UInt8], to writer: inout any ResponseBodyWriter, _ channel: any Channel
  ) async throws {
    let alarm = Alarm(channel, after: writePatience)
    defer { alarm.cancel() }
    try await writer.write(ByteBuffer(bytes: bytes))
  }

  /// Of letters, digits, `-`, `_` and `.` alone: so is an app's name.
  private static func fileName(
    _ app: AppID, _ filter: DeliveryFilter, _ format: ExportFormat, _ now: Timestamp
  ) -> String {
    let times = [filter.from, filter.until ?? now].map { time in
      String(time.description.prefix(19).filter { $0 != ":" && $0 != "-" })
    }
    return "deliveries-\(app.rawValue)-\(times[0])-\(times[1]).\(format.rawValue)"
  }
}

/// How many exports are being written.
private final class ExportSlots: Sendable {
  private let taken = Mutex(0)

  /// - Returns: A place, held as long as it lives; nil where there is none.
  func enter() -> Slot? {
    let isFree = taken.withLock { taken in
      guard taken < DeliveryExport.places else { return false }
      taken += 1
      return true
    }
    return isFree ? Slot(self) : nil
  }

  final class Slot: Sendable {
    private let slots: ExportSlots

    init(_ slots: ExportSlots) { self.slots = slots }

    deinit { slots.taken.withLock { $0 -= 1 } }
  }
}
