import Foundation
import PushCore

/// Tells watched events step by step.
struct ReplayTrace {
  let asJSON: Bool
  private(set) var shown = 0

  init(asJSON: Bool) { self.asJSON = asJSON }

  mutating func show(_ step: WatchedStep) {
    shown += 1
    if asJSON { Output.json(Self.json(step)) } else { Output.line(Self.text(step)) }
  }

  private static func text(_ step: WatchedStep) -> String {
    let event = step.event
    var lines = [
      "\(event.position.grouped)  \(event.recordedAt)  \(event.event.type.rawValue)  "
        + event.event.stream.rawValue
    ]
    lines += step.decisions.map { decision in
      let device = decision.device.map { "/\($0)" } ?? ""
      return "    \(decision.user)\(device): \(decision.verdict.line)"
    }
    lines += step.changes.map { "    " + $0.line }
    if lines.count == 1 { lines.append("    changes nothing") }
    return lines.joined(separator: "\n")
  }

  private static func json(_ step: WatchedStep) -> JSON {
    let event = step.event
    return [
      "position": .integer(event.position), "recorded_at": JSON(event.recordedAt),
      "occurred_at": JSON(event.event.occurredAt), "event_id": JSON(event.event.id),
      "type": .string(event.event.type.rawValue), "stream": JSON(event.event.stream),
      "decisions": .array(step.decisions.map(json)),
      "changes": .array(step.changes.map(\.json)),
    ]
  }

  private static func json(_ decision: Decision) -> JSON {
    var members: [JSON.Member] = [
      .init("user", JSON(decision.user)),
      .init("device", decision.device.map { JSON($0) } ?? .null),
    ]
    switch decision.verdict {
    case .suppressed(let reason):
      members += [.init("decision", "suppressed"), .init("reason", .string(reason.rawValue))]
    case .push(let push):
      members += [
        .init("decision", "push"), .init("provider", .string(push.provider.rawValue)),
        .init("badge", .integer(push.badge)),
        .init("sound", push.sound.map { .string($0) } ?? .null),
      ]
    }
    return .object(members)
  }
}
