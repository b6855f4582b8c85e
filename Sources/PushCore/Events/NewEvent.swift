public import struct Foundation.UUID

/// An event that passed the door: every field checked, everything filled in that decisions need.
public struct NewEvent: Sendable, Equatable {
  /// The idempotency key, unique in the app.
  public var id: UUID
  public var type: EventType
  /// Version of the type's `data`, from 1.
  public var schema: Int16
  public var stream: StreamName
  public var occurredAt: Timestamp
  /// A JSON object: the facts.
  public var data: [UInt8]
  /// A JSON object or nil: what a person wrote or can be known by.
  public var content: [UInt8]?

  public init(
    id: UUID, type: EventType, schema: Int16 = 1, stream: StreamName, occurredAt: Timestamp,
    data: [UInt8], content: [UInt8]?
  ) {
    self.id = id
    self.type = type
    self.schema = schema
    self.stream = stream
    self.occurredAt = occurredAt
    self.data = data
    self.content = content
  }
}

/// An event as the ledger gives it back.
public struct RecordedEvent: Sendable, Equatable {
  public var app: AppID
  public var position: Position
  public var recordedAt: Timestamp
  public var event: NewEvent

  public init(app: AppID, position: Position, recordedAt: Timestamp, event: NewEvent) {
    self.app = app
    self.position = position
    self.recordedAt = recordedAt
    self.event = event
  }

  /// One line of an export: the import form plus `app`, `position`, `schema`, `stream` and
  /// `recorded_at`. `data` and `content` go in as they are stored.
  public func exportLine() -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(320 + event.data.count + (event.content?.count ?? 0))
    func put(_ text: String) { line.append(contentsOf: text.utf8) }
    put("{\"app\":\"\(app)\",\"position\":\(position),\"event_id\":\"")
    put(event.id.uuidString.lowercased())
    put("\",\"type\":\"\(event.type.rawValue)\",\"schema\":\(event.schema),\"stream\":")
    JSON.string(event.stream.rawValue).write(into: &line, sorted: false)
    put(",\"occurred_at\":\"\(event.occurredAt)\",\"recorded_at\":\"\(recordedAt)\",\"data\":")
    line.append(contentsOf: event.data)
    if let content = event.content {
      put(",\"content\":")
      line.append(contentsOf: content)
    }
    put("}")
    return line
  }
}
