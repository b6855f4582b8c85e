import Hummingbird
import Projections
import PushCore

/// As of when a page shows a user, and the ways to other moments: the template `user-travel`.
struct UserTravel: Sendable {
  struct Step: Sendable {
    let to: String
    let what: String
    let at: DatedTime
  }

  let here: String
  /// The place that is shown, or the ledger's end.
  let place: Position
  let placeWords: String
  let least: Position
  let most: Position
  let leastWords: String
  let mostWords: String
  let isThen: Bool
  let placeAt: DatedTime?
  let ago: String?
  let previous: Step?
  let next: Step?
  /// Of then: what the page lacks besides.
  let lacks: [String]
  let hasLacks: Bool

  /// - Parameters:
  ///   - position: Nil: now.
  ///   - at: When that was committed, where that is known.
  ///   - last: Entries up to the place, oldest first.
  init(
    _ user: UserID, _ ends: LedgerEnds, at position: Position?, committed at: Timestamp?,
    now: Timestamp, first: TimelineEntry?, last: [TimelineEntry], next: TimelineEntry?
  ) {
    here = PagePath.user(user.rawValue)
    place = position ?? ends.head
    placeWords = place.grouped
    least = min(first?.position ?? 0, place)
    most = max(ends.head, 1)
    leastWords = least.grouped
    mostWords = ends.head.grouped
    isThen = position != nil
    placeAt = position == nil ? nil : at.map { DatedTime($0, toTheSecond: true) }
    ago = position == nil ? nil : at.map { Words.age(now.seconds(since: $0)) }
    let shown = position ?? .max
    previous = last.last { $0.position < shown }.map { Self.step($0, user) }
    self.next = position == nil ? nil : next.map { Self.step($0, user) }
    var lacks: [String] = []
    if let position {
      if position > ends.projected {
        lacks.append(
          "The projection has come to position \(ends.projected.grouped): unread counts and "
            + "deliveries are as of there.")
      }
      if let archived = ends.archived {
        lacks.append(
          "Messages up to position \(archived.grouped) are in an archive, and what became of them "
            + "is not here.")
      }
    }
    self.lacks = lacks
    hasLacks = !lacks.isEmpty
  }

  static func path(_ user: UserID, at position: Position) -> String {
    PagePath.make("/users/" + PagePath.encode(user.rawValue), ["at": "\(position)"])
  }

  private static func step(_ entry: TimelineEntry, _ user: UserID) -> Step {
    Step(
      to: path(user, at: entry.position), what: entry.recorded.event.type.rawValue,
      at: DatedTime(entry.recorded.recordedAt))
  }
}

/// A user's last events: the template `user-events`.
struct UserEvents: Sendable {
  struct Event: Sendable {
    let at: DatedTime
    let position: String
    let to: String
    let type: String
    let message: PageID?
    let who: PageID?
    let what: String
  }

  let events: [Event]
  let hasEvents: Bool
  let hasMore: Bool

  /// - Parameter isThen: What became of messages is of now, and then left out.
  init(_ entries: [TimelineEntry], of user: UserID, isThen: Bool, hasMore: Bool) {
    events = entries.reversed().map { entry in
      let words = entry.body.map { EventWords($0) }
      var what = [words?.what ?? "(not readable by this version)"]
      if !isThen { what += entry.deliveries.map(\.words) }
      return Event(
        at: DatedTime(entry.recorded.recordedAt), position: entry.position.grouped,
        to: UserTravel.path(user, at: entry.position), type: entry.recorded.event.type.rawValue,
        message: entry.body?.messageID.map {
          .init(id: $0.rawValue, link: PagePath.message($0.rawValue))
        }, who: words?.who.map { .init(id: $0) },
        what: what.filter { !$0.isEmpty }.joined(separator: "; "))
    }
    hasEvents = !events.isEmpty
    self.hasMore = hasMore
  }
}
