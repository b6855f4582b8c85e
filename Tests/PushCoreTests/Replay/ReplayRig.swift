import Foundation
import PushCore
import TestSupport

/// Events as a replay takes them, given as JSON, one position after the other.
struct ReplayRig {
  private(set) var events: [ReplayedEvent] = []

  mutating func add(_ json: JSON) throws {
    let event = try EventDoor.event(from: json, makeID: { UUID() }, now: FoldRig.noon)
    events.append(
      ReplayedEvent(
        position: Position(events.count + 1), recordedAt: event.occurredAt, event: event))
  }

  mutating func add(_ type: String, _ data: JSON, _ content: JSON? = nil) throws {
    try add(.object(present: [("type", .string(type)), ("data", data), ("content", content)]))
  }

  mutating func register(_ user: String, _ device: String = "phone") throws {
    try add(
      "device.registered",
      ["user": .string(user), "device": .string(device), "platform": "ios", "provider": "apns"],
      ["token": .string("\(user) \(device)")])
  }

  mutating func send(_ id: String, to conversation: JSON = ["user": "bob"]) throws {
    try add(
      "message.sent",
      ["message_id": .string(id), "from": "ann", "conversation": conversation],
      ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
  }

  static func random(_ seed: UInt64, _ count: Int = 300) throws -> ReplayRig {
    var history = RandomHistory(seed: seed)
    var rig = ReplayRig()
    for event in history.events(count) { try rig.add(event) }
    return rig
  }

  /// All of them folded, with what became of each delivery.
  func replay(
    filter: ReplayFilter = ReplayFilter(), suppressedRowsLimit: Int? = nil
  ) -> Replay {
    var replay = Replay(
      deliveries: DeliveryTable(
        app: RandomHistory.app, suppressedRowsLimit: suppressedRowsLimit), filter: filter)
    for event in events { replay.apply(event) }
    return replay
  }

  /// The steps that are watched, as `line` of each change, by position.
  func steps(_ filter: ReplayFilter) -> [WatchedStep] {
    var replay = Replay(
      deliveries: DeliveryTable(app: RandomHistory.app, tracksMoves: true), filter: filter)
    var watch = ReplayWatch(filter)
    return events.compactMap { watch.step($0, replay.apply($0), in: replay) }
  }

  func compare(
    _ whatIf: JSON, message: String? = nil
  ) throws -> (replay: WhatIfReplay, differences: [DecisionDifference]) {
    let base = Replay(deliveries: DeliveryTable(app: RandomHistory.app))
    var replay = WhatIfReplay(
      try WhatIf(whatIf), base: base, message: message.map(MessageID.init(unchecked:)))
    let differences = events.flatMap { replay.apply($0) }
    return (replay, differences)
  }
}
