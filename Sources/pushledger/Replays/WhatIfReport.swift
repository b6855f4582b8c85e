import ArgumentParser
import Foundation
import PushCore

/// What other settings would have changed, for people and for programs.
struct WhatIfReport {
  let replay: WhatIfReplay
  /// How many decisions differ, each kind of change counted.
  private var kinds: [String: Int] = [:]
  private(set) var differing = 0
  private var first: [DecisionDifference] = []
  let limit: Int

  init(_ replay: WhatIfReplay, _ differences: Differences) {
    self.replay = replay
    kinds = differences.kinds
    differing = differences.count
    first = differences.first
    limit = differences.limit
  }

  /// Gathers differences as they come.
  struct Differences {
    let limit: Int
    private(set) var kinds: [String: Int] = [:]
    private(set) var count = 0
    private(set) var first: [DecisionDifference] = []

    init(limit: Int) { self.limit = limit }

    mutating func add(_ found: [DecisionDifference]) {
      count += found.count
      for difference in found {
        kinds["\(Self.kind(difference.base)) → \(Self.kind(difference.other))", default: 0] += 1
        if first.count < limit { first.append(difference) }
      }
    }

    private static func kind(_ outcome: DecisionDifference.Outcome?) -> String {
      switch outcome?.verdict {
      case nil: "–"
      case .push: "push"
      case .suppressed(let reason): reason.rawValue
      }
    }
  }

  /// - Throws: ``ValidationError`` where something is named that the events do not know.
  func check() throws {
    guard let unknown = replay.missing.first else { return }
    // Of what is not there no event is read.
    let last = replay.base.position
    if let position = replay.whatIf.fromPosition, !replay.hasBegun {
      throw ValidationError(
        "--what-if holds from position \(position.grouped) on (from_position), and no event that "
          + "matters comes from there on. Give an earlier one.")
    }
    throw ValidationError(
      "--what-if names \(unknown.description), which the events"
        + (last > 0 ? " up to position \(last.grouped)" : "")
        + " do not know. Name one that they do, or go further.")
  }

  var text: String {
    let endings = replay.endings(limit: limit)
    var lines = [
      "\(differing.grouped) of \(replay.base.counts.decisions.grouped) decisions differ, and "
        + (endings.count == 1
          ? "1 delivery that was decided alike ends otherwise."
          : "\(endings.count.grouped) deliveries that were decided alike end otherwise.")
    ]
    var counted = Table("change", "decisions")
    for (kind, count) in kinds.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      counted.add(kind, count.grouped)
    }
    if !counted.isEmpty { lines += ["", counted.text()] }
    var decisions = Table("position", "message", "recipient", "as it was", "what if")
    for difference in first {
      decisions.add(
        difference.position.grouped, difference.message.rawValue,
        Self.recipient(difference.user, difference.device),
        difference.base?.line ?? "–", Self.line(difference))
    }
    if !decisions.isEmpty { lines += ["", decisions.text()] }
    var ended = Table("position", "message", "recipient", "ended", "what if")
    for (base, other) in endings.first {
      ended.add(
        base.position.grouped, base.message.rawValue, Self.recipient(base.user, base.device),
        Self.ending(base), Self.ending(other))
    }
    if !ended.isEmpty { lines += ["", ended.text()] }
    if differing > first.count || endings.count > endings.first.count {
      lines += ["", "Only the first \(limit) are shown; --limit shows more."]
    }
    return lines.joined(separator: "\n")
  }

  private static func recipient(_ user: UserID, _ device: DeviceID?) -> String {
    device.map { "\(user)/\($0)" } ?? user.rawValue
  }

  private static func line(_ difference: DecisionDifference) -> String {
    guard let other = difference.other else { return "–" }
    return other.line + (difference.isOfText ? ", another text" : "")
  }

  private static func ending(_ delivery: DeliveryTable.Delivery) -> String {
    delivery.status.rawValue + (delivery.reason.map { " \($0)" } ?? "")
  }

  var json: JSON {
    let endings = replay.endings(limit: limit)
    return [
      "decisions": .integer(replay.base.counts.decisions), "differing": .integer(differing),
      "changes": .object(
        kinds.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value)) }),
      "first": .array(first.map(\.json)),
      "ended_otherwise": .integer(endings.count),
      "first_ended_otherwise": .array(
        endings.first.map { base, other in
          [
            "delivery_id": JSON(base.id), "message_id": JSON(base.message),
            "user": JSON(base.user), "device": base.device.map { JSON($0) } ?? .null,
            "base": .string(Self.ending(base)), "what_if": .string(Self.ending(other)),
          ]
        }),
    ]
  }
}
