import PushCore

/// What waits to be appended: in order within each app, apps in turn, bounded.
///
/// A value without I/O: the ``Appender`` asks it what to do and does it.
struct AppendBacklog {
  private let limits: AppendLimits
  private var apps: [AppID: [PendingAppend]] = [:]
  /// The apps that have something waiting, the longest waiting first.
  private var turns: [AppID] = []
  /// Waiting and in flight.
  private(set) var events = 0
  private(set) var bytes = 0

  init(limits: AppendLimits) { self.limits = limits }

  var isEmpty: Bool { turns.isEmpty }

  /// - Returns: False when the bounds are reached; the append is not taken then.
  mutating func admit(_ append: PendingAppend) -> Bool {
    let fits =
      events + append.events.count <= limits.waitingEvents
      && bytes + append.bytes <= limits.waitingBytes
    guard fits || events == 0 else { return false }
    events += append.events.count
    bytes += append.bytes
    apps[append.app, default: []].append(append)
    if apps[append.app]?.count == 1 { turns.append(append.app) }
    return true
  }

  /// The next commit: one app's appends, oldest first, as many as may go together. One with an
  /// expectation goes alone. They count as in flight until ``settle(_:)``.
  mutating func next() -> [PendingAppend] {
    guard let app = turns.first, let waiting = apps[app] else { return [] }
    turns.removeFirst()
    let count = commitCount(waiting)
    if count == waiting.count {
      apps[app] = nil
      return waiting
    }
    apps[app] = Array(waiting[count...])
    turns.append(app)
    return Array(waiting[..<count])
  }

  private func commitCount(_ waiting: [PendingAppend]) -> Int {
    if waiting[0].expectation != nil { return 1 }
    var events = 0
    var bytes = 0
    for (index, append) in waiting.enumerated() {
      events += append.events.count
      bytes += append.bytes
      let isTooMuch = events > limits.eventsPerCommit || bytes > limits.bytesPerCommit
      if index > 0, isTooMuch || append.expectation != nil { return index }
    }
    return waiting.count
  }

  /// Puts a commit that did not come about back before what came after it; its app's turn comes
  /// after the others'.
  mutating func putBack(_ commit: [PendingAppend]) {
    guard let app = commit.first?.app else { return }
    if let later = apps[app] {
      apps[app] = commit + later
      turns.removeAll { $0 == app }
    } else {
      apps[app] = commit
    }
    turns.append(app)
  }

  /// Frees the room of appends that were answered.
  mutating func settle(_ appends: some Collection<PendingAppend>) {
    for append in appends {
      events -= append.events.count
      bytes -= append.bytes
    }
  }

  /// Takes out all whose time is up.
  mutating func removeExpired(at now: ContinuousClock.Instant) -> [PendingAppend] {
    remove { $0.deadline <= now }
  }

  mutating func removeAll() -> [PendingAppend] {
    remove { _ in true }
  }

  private mutating func remove(_ matches: (PendingAppend) -> Bool) -> [PendingAppend] {
    var removed: [PendingAppend] = []
    for app in turns {
      guard let waiting = apps[app] else { continue }
      let kept = waiting.filter { !matches($0) }
      guard kept.count < waiting.count else { continue }
      removed += waiting.filter(matches)
      apps[app] = kept.isEmpty ? nil : kept
    }
    turns.removeAll { apps[$0] == nil }
    settle(removed)
    return removed
  }
}
