import PushCore

extension Board {
  /// A probe that was not found in so long is looked for again.
  private static var probePatience: Duration { .seconds(5) }

  // MARK: Credentials and pauses

  /// Puts new credentials and pauses in place; what waited for them is looked at again.
  mutating func replaceCredentials(_ book: CredentialBook) {
    timers.credentials.ended()
    hasLoadedCredentials = true
    let old = gates.routes.book.entries
    var changed = book.appsPausedOtherwise(than: gates.routes.book)
    // What may go on does so at once.
    if !changed.isEmpty { timers.poll.hurry() }
    for holder in Set(old.keys).union(book.entries.keys)
    where old[holder]?.map(\.id) != book.entries[holder]?.map(\.id) {
      changed.insert(holder.app)
    }
    gates.routes.replace(book)
    guard !changed.isEmpty else { return }
    gates.circuits.keep { book.holds($0) }
    for app in changed {
      // Whether anything is due shows the next poll, which comes soon.
      for lane in apps[app]?.lanes.keys.sorted() ?? [] { addStrands(to: lane, of: app) }
      for id in strandIDs(of: app) { strands[id]?.passed.resolveAll() }
      if apps[app] != nil { touched.insert(app) }
    }
  }

  // MARK: Routes that were closed

  /// What was passed over for a route that is open again is read again; where a route waits for a
  /// probe, one is looked for.
  mutating func probeListing(_ id: StrandID, at now: Timestamp) -> ListRequest? {
    for route in strands[id]?.passed.routes ?? [] {
      switch gates.gate(route, at: now) {
      case .closed: continue
      case .open:
        probes[route] = nil
        strands[id]?.passed.resolve(.route(route))
      case .probe:
        if let since = probes[route], now < since + Self.probePatience { continue }
        if let request = strands[id]?.probeListing(route) {
          probes[route] = now
          return request
        }
      }
    }
    return nil
  }

  // MARK: Counting what waits

  mutating func counted(_ counts: [DispatchDatabase.DueCount], at now: Timestamp) {
    timers.count.ended()
    var sums: [WaitingDeliveries.Kind: Int] = [:]
    for count in counts {
      let route = gates.routes.id(of: count.route)
      guard let why = gates.lack(route, at: now) else { continue }
      let kind = WaitingDeliveries.Kind(
        app: count.route.app, provider: count.route.provider, why: why)
      sums[kind, default: 0] += count.deliveries
    }
    waiting = sums.map { WaitingDeliveries(kind: $0.key, deliveries: $0.value) }
      .sorted { $0.kind.sortKey < $1.kind.sortKey }
  }
}
