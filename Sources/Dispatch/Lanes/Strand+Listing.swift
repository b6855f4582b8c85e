import PushCore

import struct Foundation.UUID

/// How far a strand has been read.
struct Listing: Sendable {
  /// Everything up to here was read.
  var cursor = RowKey.before(0)
  /// Something may be due beyond the cursor.
  var wants = true
  var isUnderWay = false
  /// Something may be due before the cursor.
  var startsAnew = false
  /// Ended while a listing was under way, which may still show them.
  var removed: Set<RowKey> = []
  /// The route whose probe the listing under way is to find, and from where it reads.
  var probe: (route: RouteID, from: RowKey)?
  var rewoundAt: Timestamp?
  /// Since when memory has been full of what can't be sent now.
  var cloggedSince: Timestamp?
}

/// What to read of one lane and provider.
struct ListRequest: Sendable {
  var lane: Int16
  var provider: ProviderName
  var after: RowKey
  var limit: Int
}

extension Strand {
  /// Not more often than this does a strand read again what it passed over.
  static let rewindInterval = Duration.milliseconds(250)
  /// Rows looked through for a probe.
  static let probeRows = 64
  /// Memory that is full for longer is cleared: shorter, and what is on its way will make room.
  static let cloggedPatience = Duration.seconds(1)
  /// What stays in memory of a line that is cut short.
  static let keptOfLine = 16
  /// A delivery that is put off for longer may be dropped from memory.
  static let longBackOff = Duration.seconds(2)

  /// Deliveries became due.
  mutating func notify() { listing.wants = true }

  /// Something may be due before what was read: the next listing begins at the beginning.
  mutating func readAnew() { listing.startsAnew = true }

  /// The next listing; nil where none is needed, or there is no room for it.
  mutating func nextListing(_ gates: inout Gates, at now: Timestamp) -> ListRequest? {
    guard !listing.isUnderWay, !isClosing else { return nil }
    if passed.wantsRewind, listing.rewoundAt.map({ now - $0 >= Self.rewindInterval }) ?? true,
      let start = passed.rewind()
    {
      listing.cursor = min(listing.cursor, start)
      listing.wants = true
      listing.rewoundAt = now
    }
    if listing.startsAnew {
      listing.startsAnew = false
      listing.cursor = .before(0)
      listing.wants = true
    }
    guard listing.wants else { return nil }
    if isClogged {
      let since = listing.cloggedSince ?? now
      listing.cloggedSince = since
      if now >= since + Self.cloggedPatience { trim(at: now) }
    } else {
      listing.cloggedSince = nil
    }
    let room = limits.held - entries.count
    guard room >= min(limits.page, limits.held / 2) else { return nil }
    listing.isUnderWay = true
    listing.wants = false
    return ListRequest(
      lane: lane, provider: provider, after: listing.cursor, limit: min(limits.page, room))
  }

  /// Looks for the first delivery that was passed over for a route, to try the route with.
  mutating func probeListing(_ route: RouteID) -> ListRequest? {
    guard !listing.isUnderWay, !isClosing, let start = passed.start(.route(route)) else {
      return nil
    }
    listing.isUnderWay = true
    listing.probe = (route, .before(start.position))
    return ListRequest(
      lane: lane, provider: provider, after: .before(start.position), limit: Self.probeRows)
  }

  /// Takes the rows of a listing, in their order.
  ///
  /// - Parameter limit: How many were asked for.
  mutating func listed(
    _ rows: [DueRow], limit: Int, _ gates: inout Gates, at now: Timestamp
  ) {
    defer {
      listing.isUnderWay = false
      listing.removed = []
      listing.probe = nil
    }
    if let probe = listing.probe {
      addProbe(rows, probe.route, from: probe.from, at: now)
      return
    }
    if rows.count >= limit { listing.wants = true }
    if let last = rows.last { listing.cursor = max(listing.cursor, last.key) }
    for row in rows { add(row, gates, at: now) }
  }

  mutating func listingFailed() {
    if listing.probe == nil { listing.wants = true }
    listing.isUnderWay = false
    listing.removed = []
    listing.probe = nil
  }

  private mutating func add(_ row: DueRow, _ gates: Gates, at now: Timestamp) {
    if isAskedInVain(row.key.delivery) {
      // What stands behind it must not go before it.
      passed.add(row.device, .crowded, from: row.key)
      return
    }
    guard isNew(row) || isMoved(row, at: now) else { return }
    let isBlocked = gates.isBlocked(row.route, at: now)
    if let reason = passed.reason(row.device) {
      passed.add(row.device, reason, from: row.key)
      if case .route(let route) = reason, route != row.route, !isBlocked { passed.resolve(reason) }
    } else if isBlocked {
      passed.add(row.device, .route(row.route), from: row.key)
    } else {
      enqueue(row, at: now)
    }
  }

  private func isNew(_ row: DueRow) -> Bool {
    entries[row.key.delivery] == nil && !listing.removed.contains(row.key)
  }

  /// Whether a delivery that is in memory is due in another place by now: it had ended, and was
  /// ordered once more, or what was due was set right. Then it is forgotten where it was; what is on
  /// its way there comes first.
  private mutating func isMoved(_ row: DueRow, at now: Timestamp) -> Bool {
    guard let known = entries[row.key.delivery], known.row.key != row.key else { return false }
    guard case .waiting = known.stage else {
      passed.add(row.device, .crowded, from: row.key)
      return false
    }
    endLine(known)
    entries[row.key.delivery] = nil
    if lines[row.device]?.rows.isEmpty == true {
      lines[row.device] = nil
    } else {
      makeReady(row.device, at: now)
    }
    return true
  }

  private func isAskedInVain(_ id: UUID) -> Bool {
    if case .askedInVain = entries[id]?.stage { true } else { false }
  }

  private mutating func enqueue(_ row: DueRow, at now: Timestamp) {
    entries[row.key.delivery] = Entry(row: row, stage: .waiting)
    let place = place(of: row)
    lines[row.device, default: Line()].rows.insert(row.key.delivery, at: place)
    makeReady(row.device, at: now)
  }

  /// In its device's line: behind what is earlier, and behind what is on its way or about to be.
  private func place(of row: DueRow) -> Int {
    guard let line = lines[row.device] else { return 0 }
    let first = line.open + (line.isReady ? 1 : 0)
    var place = line.rows.count
    while place > first, let before = entries[line.rows[place - 1]], row.key < before.row.key {
      place -= 1
    }
    return place
  }

  /// Rows come in order, so the first one of a device is the first of its line: unless an earlier
  /// one was put aside while they were read. Then a probe is looked for again from there.
  private mutating func addProbe(
    _ rows: [DueRow], _ route: RouteID, from start: RowKey, at now: Timestamp
  ) {
    if let first = passed.start(.route(route)), first < start { return }
    let vain = Set(rows.filter { isAskedInVain($0.key.delivery) }.map(\.device))
    let probe = rows.first { row in
      isNew(row) && lines[row.device] == nil && passed.reason(row.device) == .route(route)
        && !vain.contains(row.device)
    }
    if let probe {
      enqueue(probe, at: now)
    } else {
      passed.resolve(.route(route))
    }
  }

  // MARK: Passing over

  /// Drops what waits of a device from memory, to be read again once the reason is gone.
  ///
  /// - Parameter kept: How many of its line stay.
  mutating func pass(_ device: DeviceKey, _ reason: PassedOver.Reason, keeping kept: Int = 0) {
    guard let line = lines[device] else { return }
    var stays: [UUID] = []
    let keys = line.rows.compactMap { entries[$0]?.row.key }
    var isDropping = false
    for (index, id) in line.rows.enumerated() {
      guard let entry = entries[id] else { continue }
      switch entry.stage {
      case .waiting where isDropping || index >= kept:
        isDropping = true
        passed.add(device, reason, from: entry.row.key)
        remove(id)
      case .asked(let purse) where isDropping:
        passed.add(device, reason, from: entry.row.key)
        entries[id]?.stage = .askedInVain(purse: purse)
      default: stays.append(id)
      }
    }
    // What was dropped may be read again at once.
    if isDropping { listing.removed.subtract(keys) }
    lines[device]?.rows = stays
    lines[device]?.open = min(line.open, stays.count)
    if stays.isEmpty { lines[device] = nil }
  }

  /// Whether memory is full of what can't be sent now, while more is due.
  private var isClogged: Bool {
    limits.held - entries.count < min(limits.page, limits.held / 2) && !hasReady
      && waiting * 2 > limits.held
  }

  /// Makes room: cuts long lines short, then drops what is put off longest.
  private mutating func trim(at now: Timestamp) {
    for (device, line) in lines where line.rows.count > Self.keptOfLine {
      pass(device, .crowded, keeping: isBackingOff(line, at: now) == nil ? Self.keptOfLine : 1)
    }
    guard limits.held - entries.count < limits.held / 4 else { return }
    let put = lines.compactMap { device, line in
      isBackingOff(line, at: now).map { (device: device, until: $0) }
    }
    for (device, until) in put.sorted(by: { $0.until > $1.until }) {
      guard limits.held - entries.count < limits.held / 2 else { return }
      pass(device, .backingOff)
      passed.wake(device, at: until)
    }
  }

  /// Until when a line waits for the time of its first delivery; nil where it doesn't for long.
  private func isBackingOff(_ line: Line, at now: Timestamp) -> Timestamp? {
    guard let first = line.rows.first, let entry = entries[first], case .waiting = entry.stage,
      entry.row.dueAt > now + Self.longBackOff
    else { return nil }
    return entry.row.dueAt
  }
}
