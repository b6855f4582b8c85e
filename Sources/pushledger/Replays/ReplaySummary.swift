import PushCore

/// What a replay came to, for people and for programs.
struct ReplaySummary {
  let app: AppID
  let replay: Replay
  /// Position of the last event there was, read or not.
  let last: Position
  /// When that one was recorded; nil where there is none, or it is in the archive only.
  let recordedAt: Timestamp?
  /// Events read.
  let read: Int
  /// Where the fold began; nil: at the beginning.
  let start: Position?
  let isPartial: Bool
  let duration: Duration

  private var seconds: Double { Double(duration.wholeMicroseconds) / 1_000_000 }

  /// In the order of the rules.
  private var suppressed: [(SuppressionReason, Int)] {
    SuppressionReason.allCases.compactMap { reason in
      replay.counts.suppressed[reason].map { (reason, $0) }
    }
  }

  private var pushes: [(ProviderName, Int)] {
    ProviderName.allCases.compactMap { name in replay.counts.pushes[name].map { (name, $0) } }
  }

  private var statuses: [(DeliveryStatus, Int)] {
    let counts = replay.deliveries?.counts(replay.filter) ?? [:]
    return DeliveryStatus.allCases.compactMap { status in counts[status].map { (status, $0) } }
  }

  /// Unread messages, in how many conversations, of how many users.
  private var unread: (messages: Int64, conversations: Int, users: Int) {
    let users = replay.unread(of: replay.filter.users.isEmpty ? nil : replay.filter.users)
    let counts = (users.members ?? []).flatMap { $0.value.members ?? [] }
    return (
      counts.reduce(0) { $0 + ($1.value.integer ?? 0) }, counts.count, users.members?.count ?? 0
    )
  }

  /// How much was read, and how fast.
  var headline: String {
    let of = isPartial ? " of \(last.grouped)" : ""
    let why = isPartial ? ", those that can matter" : ""
    let rate = seconds > 0 ? Int(Double(read) / seconds) : 0
    return "\(read.grouped)\(of) events read\(why), in \(Self.short(seconds)) s, "
      + "\(rate.grouped) events/s."
  }

  var text: String {
    var table = Table("", "")
    table.add("messages", replay.counts.messages.grouped)
    table.add("decisions", replay.counts.decisions.grouped)
    for (provider, count) in pushes { table.add("  push \(provider.rawValue)", count.grouped) }
    for (reason, count) in suppressed {
      table.add("  suppressed \(reason.rawValue)", count.grouped)
    }
    if !statuses.isEmpty {
      table.add("deliveries", statuses.reduce(0) { $0 + $1.1 }.grouped)
      for (status, count) in statuses { table.add("  \(status.rawValue)", count.grouped) }
    }
    let unread = unread
    table.add("unread", unread.messages.grouped)
    table.add("  conversations", unread.conversations.grouped)
    table.add("  users", unread.users.grouped)
    var lines = [
      "\(app) up to position \(last.grouped)"
        + (recordedAt.map { ", \($0)" } ?? "") + ".", headline,
    ]
    if let start {
      lines.append(
        "It begins at the snapshot of position \(start.grouped): messages up to there are in the "
          + "archive, and are not counted.")
    }
    if let position = replay.unreadable {
      lines.append(
        "The event at position \(position.grouped) cannot be read by this version; "
          + "it is left out here, and the projection stands still before it.")
    }
    return lines.joined(separator: "\n") + "\n" + table.text()
  }

  var json: JSON {
    let unread = unread
    return [
      "app": JSON(app), "position": .integer(last),
      "archived_up_to": start.map { .integer($0) } ?? .null,
      "recorded_at": recordedAt.map { JSON($0) } ?? .null,
      "events_read": .integer(read), "events_total": .integer(last),
      "seconds": .number(Self.short(seconds)),
      "messages": .integer(replay.counts.messages),
      "decisions": .integer(replay.counts.decisions),
      "pushes": .object(pushes.map { JSON.Member($0.0.rawValue, .integer($0.1)) }),
      "suppressed": .object(suppressed.map { JSON.Member($0.0.rawValue, .integer($0.1)) }),
      "deliveries": .object(statuses.map { JSON.Member($0.0.rawValue, .integer($0.1)) }),
      "unread": [
        "messages": .integer(unread.messages), "conversations": .integer(unread.conversations),
        "users": .integer(unread.users),
      ],
      "unreadable_position": replay.unreadable.map { .integer($0) } ?? .null,
    ]
  }

  /// With three decimals at most.
  private static func short(_ seconds: Double) -> String {
    String((seconds * 1_000).rounded() / 1_000)
  }
}
