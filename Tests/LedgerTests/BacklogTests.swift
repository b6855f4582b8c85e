import PushCore
import Testing

@testable import Ledger

@Suite struct OrderABacklog {
  @Test func givesAnAppsAppendsInOneCommitInOrder() {
    let backlog = NamedBacklog()
    for name in ["1", "2", "3"] { #expect(backlog.admit(name)) }
    #expect(backlog.next() == ["1", "2", "3"])
    #expect(backlog.next().isEmpty)
    #expect(backlog.events == 3, "in flight counts")
  }

  @Test func takesAppsInTurn() {
    let backlog = NamedBacklog { $0.eventsPerCommit = 2 }
    for name in ["1", "2", "3"] { #expect(backlog.admit(name)) }
    #expect(backlog.admit("b", app: "b"))
    #expect(backlog.next() == ["1", "2"])
    #expect(backlog.next() == ["b"])
    #expect(backlog.next() == ["3"])
  }

  @Test func boundsACommitByEventsAndBytes() {
    let byEvents = NamedBacklog { $0.eventsPerCommit = 5 }
    for name in ["1", "2"] { #expect(byEvents.admit(name, events: 3)) }
    #expect(byEvents.next() == ["1"])
    let byBytes = NamedBacklog { $0.bytesPerCommit = 50 }
    for name in ["1", "2", "3"] { #expect(byBytes.admit(name)) }
    #expect(byBytes.next() == ["1"])
    let large = NamedBacklog { $0.eventsPerCommit = 5 }
    #expect(large.admit("1", events: 9))
    #expect(large.next() == ["1"], "an append is never split")
  }

  @Test func givesAnExpectationACommitOfItsOwn() {
    let backlog = NamedBacklog()
    for (name, expecting) in [("1", false), ("2", true), ("3", true), ("4", false)] {
      #expect(backlog.admit(name, expecting: expecting))
    }
    #expect((0..<4).map { _ in backlog.next() } == [["1"], ["2"], ["3"], ["4"]])
  }

  @Test func putsACommitBackBeforeWhatCameAfter() {
    let backlog = NamedBacklog()
    for name in ["1", "2"] { #expect(backlog.admit(name)) }
    #expect(backlog.next() == ["1", "2"])
    #expect(backlog.admit("3"))
    #expect(backlog.admit("b", app: "b"))
    backlog.putBackLast()
    #expect(backlog.next() == ["b"], "others' turn comes first")
    #expect(backlog.next() == ["1", "2", "3"])
    #expect(backlog.events == 4)
  }

  @Test func isBoundedAndFreesRoom() {
    let backlog = NamedBacklog {
      $0.waitingEvents = 3
      $0.waitingBytes = 10_000
    }
    #expect(backlog.admit("1", events: 2))
    #expect(!backlog.admit("2", events: 2))
    #expect(backlog.admit("3"))
    #expect(backlog.next() == ["1", "3"])
    #expect(!backlog.admit("4"))
    backlog.settleLast()
    #expect(backlog.events == 0)
    #expect(backlog.admit("5", events: 9), "one that is too large alone goes alone")
    #expect(!backlog.admit("6"))
  }

  @Test func removesWhatWaitedTooLong() {
    let backlog = NamedBacklog()
    let now = ContinuousClock.now
    #expect(backlog.admit("old", deadline: now))
    #expect(backlog.admit("new", deadline: now + .seconds(1)))
    #expect(backlog.removeExpired(at: now) == ["old"])
    #expect(backlog.next() == ["new"])
    #expect(backlog.events == 1)
  }
}

/// A backlog whose appends have names.
private final class NamedBacklog {
  private var backlog: AppendBacklog
  private var last: [PendingAppend] = []

  init(_ change: (inout AppendLimits) -> Void = { _ in }) {
    backlog = AppendBacklog(limits: .make(change))
  }

  var events: Int { backlog.events }

  func admit(
    _ name: String, events: Int = 1, app: String = "a", expecting: Bool = false,
    deadline: ContinuousClock.Instant = .now + .seconds(60)
  ) -> Bool {
    let stream = StreamName.message(MessageID(unchecked: name))
    return backlog.admit(
      PendingAppend(
        app: AppID(unchecked: app), events: (0..<events).map { _ in .recall(name) },
        expectation: expecting ? StreamExpectation(stream, nothingAfter: 0) : nil,
        deadline: deadline))
  }

  func next() -> [String] {
    last = backlog.next()
    return names(last)
  }

  func putBackLast() { backlog.putBack(last) }
  func settleLast() { backlog.settle(last) }

  func removeExpired(at now: ContinuousClock.Instant) -> [String] {
    names(backlog.removeExpired(at: now))
  }

  private func names(_ appends: [PendingAppend]) -> [String] {
    appends.map { String($0.events[0].stream.rawValue.dropFirst("message/".count)) }
  }
}
