import Hummingbird
import HummingbirdCore
import Ledger
import Postgres
import Projections
import PushCore

/// A user: devices, tokens, what is unread, and what was pushed, now or as of any position.
struct UserPage: Sendable {
  /// Of the time line, on the page.
  private static let entries = 12

  let desk: PageDesk
  let reader: UserReader
  let timeline: TimelineReader
  let live: LivePages
  let clock: @Sendable () -> Timestamp

  init(
    desk: PageDesk, pool: PostgresPool, live: LivePages, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.desk = desk
    reader = UserReader(pool: pool)
    timeline = TimelineReader(pool)
    self.live = live
    self.clock = clock
  }

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/users/:id") { request, context in
      guard let caller = context.session?.caller else { throw Refusal.signedOut }
      let address = try UserAddress(request, context)
      let ends = try await ends(address.user, in: caller.app)
      let position = try await position(address, ends, in: caller.app)
      let sheet = try await sheet(
        address, ends, at: position, in: caller.app, isAdmin: caller.may(.admin))
      return desk.page(
        "user", title: "User \(address.user)", sheet, context,
        live: position == nil
          ? PagePath.make("/live/users/" + PagePath.encode(address.user.rawValue)) : nil)
    }
    router.get("/console/live/users/:id") { request, context in
      guard let caller = context.session?.caller else { throw Refusal.signedOut }
      let user = try AddressID.user(context)
      _ = try await ends(user, in: caller.app)
      let isAdmin = caller.may(.admin)
      return try live.response(request, context) {
        let facts = try await reader.lively(user, in: caller.app)
        let devices = UserDevices(facts, of: user, at: nil, mayTest: isAdmin)
        let deliveries = UserDeliveries(facts, of: user, isThen: false)
        return [
          ("devices", desk.fragment("user-devices", devices)),
          ("unread", desk.fragment("user-unread", UserUnread(facts, isThen: false))),
          ("deliveries", desk.fragment("user-deliveries", deliveries)),
        ]
      }
    }
  }

  private func ends(_ user: UserID, in app: AppID) async throws -> LedgerEnds {
    guard let ends = try await reader.ends(user, in: app) else {
      throw Refusal.unknown(
        "Nothing was ever said of a user \(AddressID.shown(user.rawValue)). Ids are compared byte by "
          + "byte.")
    }
    return ends
  }

  /// - Returns: Nil: now.
  private func position(
    _ address: UserAddress, _ ends: LedgerEnds, in app: AppID
  ) async throws -> Position? {
    switch address.moment {
    case nil: return nil
    case .time(let moment): return try await reader.position(address.user, in: app, at: moment)
    case .position(let position):
      guard position <= ends.head else {
        throw Refusal.address(
          "at in the address is \(position.grouped), and the ledger ends at "
            + "\(ends.head.grouped). Give a position from 0 to that.")
      }
      return position
    }
  }

  private func sheet(
    _ address: UserAddress, _ ends: LedgerEnds, at position: Position?, in app: AppID,
    isAdmin: Bool
  ) async throws -> UserSheet {
    let user = address.user
    // Beside each other, on two connections.
    async let around = around(user, in: app, at: position)
    let facts =
      if let position {
        try await reader.then(user, in: app, at: position, address.device)
      } else {
        try await reader.now(user, in: app)
      }
    let (first, last, next) = try await around
    var committed: Timestamp?
    if let position { committed = try await reader.moment(user, in: app, of: position) }
    let now = clock()
    let travel = UserTravel(
      user, ends, at: position, committed: committed, now: now, first: first, last: last.entries,
      next: next)
    let events = UserEvents(
      last.entries, of: user, isThen: position != nil, hasMore: last.hasMore)
    return UserSheet(
      user, facts, travel, events, at: position,
      until: position == nil ? now : committed ?? facts.badges.last?.at ?? now, now: now,
      isAdmin: isAdmin)
  }

  /// The user's first event, the last ones up to a position, and the first after it.
  private func around(
    _ user: UserID, in app: AppID, at position: Position?
  ) async throws -> (TimelineEntry?, TimelineReader.Page, TimelineEntry?) {
    let first = try await timeline.page(.user(user), of: app, .after(0), limit: 1).entries.first
    let last = try await timeline.page(
      .user(user), of: app, .before(position.map { $0 + 1 } ?? .max), limit: Self.entries)
    guard let position else { return (first, last, nil) }
    let next = try await timeline.page(.user(user), of: app, .after(position), limit: 1)
    return (first, last, next.entries.first)
  }
}
