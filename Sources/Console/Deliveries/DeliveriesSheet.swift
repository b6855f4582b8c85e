import Foundation
import Ledger
import PushCore

/// The list as its template shows it.
struct DeliveriesSheet: Sendable {
  struct Choice: Sendable {
    let id: String
    /// What the box is for, to who does not see where it stands.
    let saying: String
  }

  struct Row: Sendable {
    let choice: Choice?
    let decidedAt: PageTime
    let message: PageID
    let recipient: PageID
    let device: PageID?
    let provider: String
    let state: PageState
    let reason: String
    let attempts: String
    let took: String
  }

  struct Notice: Sendable {
    let tone: String
    let saying: String
  }

  struct Counted: Sendable {
    let message: PageID
    let reason: String
    let number: String
    let decidedAt: PageTime
  }

  struct Link: Sendable {
    let to: String
    let words: String
  }

  /// Of these somebody may order that they are called off, or tried again.
  private static let orderable = ["due", "rejected", "token_invalid", "expired", "cancelled"]

  let filter: FilterSheet
  let from: PageTime
  let until: PageTime
  let notices: [Notice]
  let count: String
  let mayChoose: Bool
  let hasRows: Bool
  let none: String
  let rows: [Row]
  let links: [Link]
  let hasLinks: Bool
  let exports: [Link]
  let exportNote: String
  let isSuppressed: Bool
  let hasCounted: Bool
  let counted: [Counted]

  init(
    _ facts: DeliveryFacts, _ filter: DeliveryFilter, isFirst: Bool, mayChoose: Bool,
    at now: Timestamp
  ) {
    self.filter = FilterSheet(filter)
    from = PageTime(filter.from)
    until = PageTime(filter.until ?? now)
    rows = facts.found.deliveries.map { Self.row($0, mayChoose: mayChoose) }
    hasRows = !rows.isEmpty
    self.mayChoose = rows.contains { $0.choice != nil }
    notices = Self.notices(facts, filter)
    count = Self.count(facts, filter)
    none =
      facts.found.isSpent
      ? "None in what was looked at so far." : "No delivery in this time is like this."
    var links: [Link] = []
    if !isFirst { links.append(Link(to: filter.path(), words: "The newest")) }
    if let next = facts.found.next {
      links.append(
        Link(
          to: filter.path(isFixed: true, before: next),
          words: facts.found.isSpent ? "Go on from here" : "Older"))
    }
    self.links = links
    hasLinks = !links.isEmpty
    exports = ExportFormat.allCases.map { format in
      Link(
        to: filter.path("/deliveries.\(format.rawValue)", isFixed: true),
        words: "Export as \(format.word)")
    }
    exportNote =
      "All that the filter finds, the newest first, with every column of the view deliveries. "
      + "The file ends after \(DeliveryExport.rowLimit.grouped) rows; ask for the rest with an "
      + "earlier time."
    isSuppressed = filter.status == .suppressed
    counted = facts.counted.map { counted in
      Counted(
        message: PageID(id: counted.message, link: PagePath.message(counted.message)),
        reason: counted.reason, number: counted.number.grouped,
        decidedAt: PageTime(toSecond: counted.decidedAt))
    }
    hasCounted = !counted.isEmpty
  }

  private static func row(_ delivery: ListedDelivery, mayChoose: Bool) -> Row {
    let id = delivery.id.uuidString.lowercased()
    let user = PagePath.user(delivery.user)
    return Row(
      choice: mayChoose && orderable.contains(delivery.status)
        ? Choice(
          id: id,
          saying: "Choose the delivery of message \(delivery.message) to \(delivery.user)"
            + (delivery.device.map { " on \($0)" } ?? "")) : nil,
      decidedAt: PageTime(toSecond: delivery.decidedAt),
      message: PageID(
        id: delivery.message,
        link: PagePath.make(
          "/messages/" + PagePath.encode(delivery.message),
          ["user": delivery.user, "device": delivery.device])),
      recipient: PageID(id: delivery.user, link: user),
      device: delivery.device.map {
        PageID(id: $0, link: user + "#device-" + PagePath.encode($0))
      },
      provider: delivery.provider ?? "",
      state: PageState(status: delivery.status, word: DeliveryFilter.Status.word(delivery.status)),
      reason: delivery.reason ?? "", attempts: delivery.attempts.grouped,
      took: delivery.endedAt.map { Words.took($0.seconds(since: delivery.decidedAt)) } ?? "")
  }

  private static func notices(_ facts: DeliveryFacts, _ filter: DeliveryFilter) -> [Notice] {
    var notices: [Notice] = []
    if let archive = facts.archive, archive.recordedAt >= filter.from {
      notices.append(
        Notice(
          tone: "warn",
          saying: "What was decided until \(archive.recordedAt) is in the app’s archive, and not "
            + "here, but for what went on later."))
    }
    if facts.found.isSpent {
      let back = facts.reachedAt.map { ", back to \($0)" } ?? ""
      notices.append(
        Notice(
          tone: "info",
          saying: "\(facts.found.looked.grouped) deliveries were looked at\(back). What is rare "
            + "may be further back: go on from here."))
    }
    return notices
  }

  private static func count(_ facts: DeliveryFacts, _ filter: DeliveryFilter) -> String {
    let found = facts.found
    let shown = "\(found.deliveries.count.grouped) shown"
    guard let total = facts.total else {
      return found.next == nil ? shown + "." : shown + ", and there may be more."
    }
    let isWhole =
      filter.from == filter.from.startOfHour
      && (filter.until.map { $0 == $0.startOfHour } ?? true)
    return isWhole
      ? "\(total.grouped) in this time, \(shown)."
      : "\(total.grouped) in the whole hours of this time, \(shown)."
  }
}

/// The filter's fields.
struct FilterSheet: Sendable {
  struct Option: Sendable {
    let value: String
    let word: String
    let isChosen: Bool
  }

  let fromValue: String
  let untilValue: String
  let statuses: [Option]
  let providers: [Option]
  let platforms: [Option]
  let reasonValue: String
  let versionValue: String
  let groupValue: String
  let userValue: String
  let clear: String

  init(_ filter: DeliveryFilter) {
    fromValue = filter.isFromGiven ? Self.local(filter.from) : ""
    untilValue = filter.until.map(Self.local) ?? ""
    statuses = DeliveryFilter.Status.allCases.map { status in
      let word =
        switch status {
        case .refused: "refused (rejected, or the token)"
        case .pushed: "pushed (all but suppressed)"
        default: status.word
        }
      return Option(value: status.rawValue, word: word, isChosen: status == filter.status)
    }
    providers = ProviderName.allCases.map {
      Option(value: $0.rawValue, word: $0.rawValue, isChosen: $0 == filter.provider)
    }
    platforms = DevicePlatform.allCases.map {
      Option(value: $0.rawValue, word: $0.rawValue, isChosen: $0 == filter.platform)
    }
    reasonValue = filter.reason ?? ""
    versionValue = filter.version ?? ""
    groupValue = filter.group?.rawValue ?? ""
    userValue = filter.user?.rawValue ?? ""
    clear = PagePath.make("/deliveries")
  }

  /// As a browser's field for a time has it, to the second.
  private static func local(_ time: Timestamp) -> String { String(time.description.prefix(19)) }
}

extension PageTime {
  /// To the second, without the year.
  init(toSecond time: Timestamp) {
    let minute = PageTime(time)
    iso = minute.iso
    text = minute.text + String(minute.iso.dropFirst(16).prefix(3))
  }
}

extension Words {
  /// How long something took, to three digits below a minute.
  static func took(_ seconds: Double) -> String {
    switch seconds {
    case ..<0.9995: "\(Int64((max(0, seconds) * 1_000).rounded())) ms"
    case ..<59.95: "\(decimal(seconds)) s"
    default: age(seconds)
    }
  }
}
