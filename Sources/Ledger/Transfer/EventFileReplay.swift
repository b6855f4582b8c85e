import struct Foundation.UUID
public import PushCore

/// What an export adds to an event: where and when the ledger had it.
struct ExportedPlace: Sendable {
  var app: AppID
  var position: Position
  var recordedAt: Timestamp

  /// Nil for a line in the import form, and where one of the three is no such value.
  init?(_ json: JSON) {
    guard let app = json["app"]?.string, let id = try? AppID(validating: app),
      let position = json["position"]?.integer, position > 0,
      let recordedAt = json["recorded_at"]?.string.flatMap(Timestamp.init(iso8601:))
    else { return nil }
    self.app = id
    self.position = position
    self.recordedAt = recordedAt
  }
}

/// Reads a file of events as the ledger that it was exported from, or would make.
///
/// Where an export says position and time they are kept. Other lines are numbered on, were recorded
/// when they occurred, and one whose event id was read before is left out.
public struct EventFileReplay: Sendable {
  private let reader: BatchReader
  private var seen: Set<UUID> = []
  /// The app that the lines say they are of; nil while none does.
  public private(set) var app: AppID?
  /// Position of the last event that was read.
  public private(set) var position: Position = 0
  /// Position of the first event; above 1, the file lacks what came before.
  public private(set) var first: Position = 0

  /// - Parameter path: Plain or gzip, told apart by its first bytes; `-` is standard input.
  public init(_ path: String) throws(TransferError) {
    reader = BatchReader(try FileDescriptor.reading(path), keepsInvalid: false)
  }

  /// The next events, in order; nil after the last.
  ///
  /// - Throws: ``TransferError`` at the first line that holds no valid event, or one whose position
  ///   does not follow.
  public mutating func next() async throws(TransferError) -> [ReplayedEvent]? {
    while let batch = try await reader.next() {
      var events: [ReplayedEvent] = []
      events.reserveCapacity(batch.lines.count)
      for line in batch.lines where seen.insert(line.event.id).inserted {
        events.append(try event(line))
      }
      if !events.isEmpty { return events }
    }
    return nil
  }

  private mutating func event(_ line: ImportBatch.Line) throws(TransferError) -> ReplayedEvent {
    if let place = line.place {
      guard place.position > position else {
        throw .invalidLine(
          number: line.number,
          FieldError(
            .outOfRange, "position",
            "is \(place.position), after \(position); positions rise in an export. Export again."))
      }
      guard app.map({ $0 == place.app }) ?? true else {
        throw .invalidLine(
          number: line.number,
          FieldError(
            .unknownValue, "app",
            "is \(place.app), after \(app?.rawValue ?? ""); a replay is of one app. Export again."))
      }
      app = place.app
      position = place.position
    } else {
      position += 1
    }
    if first == 0 { first = position }
    return ReplayedEvent(
      position: position, recordedAt: line.place?.recordedAt ?? line.event.occurredAt,
      event: line.event)
  }
}
