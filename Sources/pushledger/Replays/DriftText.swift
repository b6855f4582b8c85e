import Projections
import PushCore

/// A comparison of a projection with its ledger, for people and for programs.
struct DriftText {
  /// A value longer than this is cut, in characters.
  private static let valueLimit = 120

  let report: DriftReport
  let seconds: Double

  var text: String {
    var table = Table("table", "rows")
    for entry in report.rows { table.add(entry.table, entry.count.grouped) }
    var lines = [
      "\(report.app): compared at position \(report.checkpoint.grouped) of "
        + "\(report.head.grouped), in \(seconds) s.",
      "", table.text(), "",
    ]
    if let position = report.unreadable {
      lines.append(
        "The event at position \(position.grouped) cannot be read by this version; "
          + "it is left out here, and the projection stands still before it.")
    }
    guard !report.drifts.isEmpty else {
      return (lines + ["The projection is what the ledger says."]).joined(separator: "\n")
    }
    lines.append(
      "DRIFT: \(report.isCut ? "at least " : "")\(report.drifts.count) "
        + (report.drifts.count == 1 ? "difference" : "differences")
        + (report.firstPosition.map { ", the first at position \($0.grouped)." } ?? "."))
    for drift in report.drifts { lines += ["", text(drift)] }
    if report.isCut { lines += ["", "The limit is reached; --limit shows more."] }
    return lines.joined(separator: "\n")
  }

  private func text(_ drift: Drift) -> String {
    let place = place(drift)
    let row = "\(drift.table) (\(drift.rowText))"
    switch drift.kind {
    case .differs:
      return "\(row) \(drift.column ?? ""): expected \(Self.value(drift.expected)), "
        + "found \(Self.value(drift.found))\n    \(place)"
    case .missing: return "\(row): the row is missing\n    \(place)"
    case .unexpected: return "\(row): the row should not be there\n    \(place)"
    }
  }

  private func place(_ drift: Drift) -> String {
    if let position = drift.position, let type = drift.type {
      return "so since position \(position.grouped), \(type.rawValue)"
    }
    if let start = report.start, drift.position ?? start <= start {
      return "so up to position \(start.grouped), where the archive ends"
    }
    return "the ledger never spoke of it"
      + (drift.position.map { "; the row names position \($0.grouped)" } ?? "")
  }

  private static func value(_ value: JSON?) -> String {
    let text = value?.text ?? "null"
    return text.count > valueLimit ? text.prefix(valueLimit) + "…" : text
  }

  var json: JSON {
    [
      "app": JSON(report.app), "checkpoint": .integer(report.checkpoint),
      "head": .integer(report.head), "equal": .bool(report.drifts.isEmpty),
      "cut": .bool(report.isCut), "seconds": .number(String(seconds)),
      "first_position": report.firstPosition.map { .integer($0) } ?? .null,
      "rows": .object(report.rows.map { JSON.Member($0.table, .integer($0.count)) }),
      "archived_up_to": report.start.map { .integer($0) } ?? .null,
      "drifts": .array(report.drifts.map(\.json)),
    ]
  }
}
