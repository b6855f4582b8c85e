import Ledger
import NIOCore
import PushCore

/// Reads the events of a body: a JSON array, one object, or NDJSON with one event a line.
struct EventBatch {
  private var events: [NewEvent] = []
  let caller: APIIdentity
  let now: Timestamp
  private var ids: OrderedIDs

  init(caller: APIIdentity, now: Timestamp) {
    self.caller = caller
    self.now = now
    ids = OrderedIDs(at: now)
  }

  /// The events of a JSON value.
  /// - Throws: ``PushCore/FieldError`` or ``Problem``, naming the event by its place from 0.
  func reading(_ json: JSON) throws -> [NewEvent] {
    var batch = self
    try batch.read(json)
    return batch.events
  }

  /// The events of lines.
  func reading(lines buffer: ByteBuffer) throws -> [NewEvent] {
    var batch = self
    try batch.read(lines: buffer)
    return batch.events
  }

  private mutating func read(_ json: JSON) throws {
    guard case .array(let values) = json else {
      try add(json, at: nil)
      return
    }
    try ItemLimit.check(values.count, max: Limits.eventsPerAppend, of: "events")
    for value in values { try add(value, at: events.count) }
  }

  /// Lines that are empty are left out, but counted.
  private mutating func read(lines buffer: ByteBuffer) throws {
    try buffer.withUnsafeReadableBytes { bytes in
      let lines = bytes.bindMemory(to: UInt8.self).split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() where !line.allSatisfy(Self.isSpace) {
        guard events.count < Limits.eventsPerAppend else {
          throw FieldError(
            .tooLong, "",
            "There are more than \(Limits.eventsPerAppend) events; that is the most "
              + "taken at once.")
        }
        let parsed: JSON
        do throws(JSONError) {
          parsed = try JSON.parse(buffer: UnsafeBufferPointer(rebasing: line))
        } catch {
          throw Problem(error, in: "Line \(index + 1)", line: index + 1)
        }
        try add(parsed, at: events.count)
      }
    }
    if events.isEmpty {
      throw FieldError(
        .tooShort, "", "There is no event; give 1 to \(Limits.eventsPerAppend).")
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\t")
  }

  private mutating func add(_ json: JSON, at index: Int?) throws {
    let event: NewEvent
    let newID = ids.next()
    do throws(FieldError) {
      event = try EventDoor.event(from: json, makeID: { newID }, now: now)
      try RegisteredTokens.check(event.type, data: json["data"], content: json["content"])
    } catch {
      throw index.map { error.inside("[\($0)]") } ?? error
    }
    try caller.require(event.type.scope, field: index.map { "[\($0)].type" } ?? "type")
    events.append(event)
  }
}

extension EventType {
  /// What a key must have to append it.
  var scope: APIScope {
    switch self {
    case .userUpdated, .userDeleted, .userLabelled, .attributesNamed, .groupUpdated, .memberAdded,
      .groupReceiveChanged, .memberRemoved, .groupDissolved, .conversationReceiveChanged,
      .messageSent, .messageRecalled, .conversationRead, .unreadSet, .broadcastStarted:
      .send
    case .deviceLoggedIn, .deviceRegistered, .deviceSettingsChanged, .deviceUnregistered,
      .deviceForegrounded, .deviceBackgrounded, .deviceKilled, .deviceLoggedOut, .pushDelivered,
      .pushOpened,
      .pushNotShown:
      .device
    case .tokenInvalidated, .deviceOffline, .messageRefused, .broadcastFinished, .pushAttempted,
      .pushCancelled, .pushRetried, .eventSkipped, .contentErased:
      .admin
    }
  }
}
