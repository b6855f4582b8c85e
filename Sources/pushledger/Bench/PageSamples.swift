import Foundation
import Postgres
import PushCore

/// Ids out of a ledger, for the pages that show what they are of: so many of each kind, spread over
/// all of it.
struct PageSamples: Sendable {
  struct Delivery: Sendable {
    var id: String
    var message: String
    var user: String
    var device: String
  }

  /// The last position.
  var events: Int64 = 0
  private var positions: [Int64] = []
  private var direct: [String] = []
  private var grouped: [String] = []
  private var largest: [String] = []
  private var deliveries: [Delivery] = []
  private var attempts: [String] = []
  private var tokens: [String] = []
  private var groups: [String] = []
  private var largeGroups: [String] = []
  private var heaviest: [String] = []
  private var memberOfMost: [String] = []
  private var reasons: [String] = []
  private var providers: [String] = []
  private var versions: [String] = []

  /// Of what there is most, so many are taken.
  private static let heavy: Int64 = 3

  static func read(_ app: AppID, _ count: Int, _ pool: PostgresPool) async throws -> PageSamples {
    var samples = PageSamples()
    samples.events = try await pool.query(
      "select position from ledger.heads where app = $1", [app.rawValue])[0].get(0)
    var random = SplitMix(state: 4)
    samples.positions = (0..<count).map { _ in
      Int64(random.next() % UInt64(max(1, samples.events))) + 1
    }
    var spread: PostgresParameters = [app.rawValue]
    spread.add(array: samples.positions)
    let most: PostgresParameters = [app.rawValue, Self.heavy]
    func texts(_ sql: String, _ values: PostgresParameters) async throws -> [String] {
      try await pool.query(sql, values).map { row throws(PostgresError) in try row.get(0) }
    }
    /// The first row of a table from each place on.
    func from(_ table: String, _ column: String, _ condition: String) async throws -> [String] {
      try await texts(
        """
        select r.\(column)::text from unnest($2::bigint[]) as n (position)
        cross join lateral (
          select * from notifications_v1.\(table) r
          where r.app = $1 and r.position >= n.position and \(condition)
          order by r.app, r.position limit 1) r
        """, spread)
    }
    samples.direct = try await from("messages", "message_id", "r.conversation like 'pair/%'")
    samples.grouped = try await from("messages", "message_id", "r.conversation like 'group/%'")
    samples.attempts = try await from(
      "attempts", "provider_message_id", "r.provider_message_id is not null")
    samples.deliveries = try await pool.query(
      """
      select d.delivery_id::text, m.message_id, d.user_id, d.device_id
      from unnest($2::bigint[]) as n (position)
      cross join lateral (
        select * from notifications_v1.deliveries r
        where r.app = $1 and r.position >= n.position and r.device_id is not null
        order by r.app, r.position limit 1) d
      join notifications_v1.messages m on m.app = $1 and m.position = d.position
      """, spread
    ).map { row throws(PostgresError) in
      Delivery(
        id: try row.get(0), message: try row.get(1), user: try row.get(2), device: try row.get(3))
    }
    var users: PostgresParameters = [app.rawValue]
    users.add(array: samples.deliveries.map(\.user))
    samples.tokens = try await texts(
      """
      select d.token_sha256 from notifications_v1.devices d
      where d.app = $1 and d.user_id = any($2) and d.token_sha256 is not null
      """, users)
    samples.largest = try await texts(
      """
      select message_id from notifications_v1.messages where app = $1
      order by recipients desc, position desc limit $2 * 10
      """, most)
    samples.heaviest = try await texts(
      """
      select user_id from notifications_v1.deliveries where app = $1
      group by user_id order by count(*) desc limit $2
      """, most)
    samples.memberOfMost = try await texts(
      """
      select user_id from notifications_v1.members where app = $1
      group by user_id order by count(*) desc limit $2
      """, most)
    samples.groups = try await texts(
      """
      select group_id from notifications_v1.conversations
      where app = $1 and group_id is not null order by md5(group_id) limit 500 + $2
      """, most)
    samples.largeGroups = try await texts(
      """
      select c.group_id from notifications_v1.conversations c
      join notifications_v1.members m on m.app = c.app and m.conversation = c.conversation
      where c.app = $1 and c.group_id is not null
      group by c.group_id order by count(*) desc limit $2
      """, most)
    func told(_ column: String) async throws -> [String] {
      try await texts(
        """
        select distinct \(column) from notifications_v1.hourly_deliveries
        where app = $1 and \(column) <> '' order by 1
        """, [app.rawValue])
    }
    samples.reasons = try await told("reason")
    samples.providers = try await told("provider")
    samples.versions = try await told("app_version")
    return samples
  }
}

// MARK: - Pages

extension PageSamples {
  private static let statuses = [
    "due", "accepted", "rejected", "token_invalid", "expired", "cancelled", "suppressed", "refused",
  ]
  /// A little more than overviews are read once for all who look.
  private static let overviewPause = Duration.milliseconds(2_000)
  /// Deliveries chosen at once.
  private static let chosen = 20

  /// What is measured; kinds of which the ledger has nothing are left out.
  func kinds(at now: Timestamp) -> [PageKind] {
    let users = deliveries.map(\.user)
    let kinds =
      ["hour", "day", "week"].map { span in
        PageKind(
          name: "overview, \(span)", limit: 50, asks: [.init(path: "/console?span=\(span)")],
          pause: Self.overviewPause)
      } + messageKinds + userKinds(users) + [
        kind("a group", groups) { "/groups/" + $0 },
        kind("a large group", largeGroups) { "/groups/" + $0 },
      ] + deliveryKinds(users, at: now) + searchKinds(users) + operateKinds(users)
    return kinds.filter { !$0.asks.isEmpty }
  }

  private var messageKinds: [PageKind] {
    [
      kind("a message to one", direct) { "/messages/" + $0 },
      kind("a message to a group", grouped) { "/messages/" + $0 },
      kind("a message to many", largest) { "/messages/" + $0 },
      kind("a message to many, its deliveries", largest) { "/messages/\($0)?after=first" },
      PageKind(
        name: "a message for one device",
        asks: deliveries.map { delivery in
          .init(
            path: "/console/messages/\(Self.encode(delivery.message))?user="
              + "\(Self.encode(delivery.user))&device=\(Self.encode(delivery.device))")
        }),
      kind("from a delivery to its message", deliveries.map(\.id), [303]) { "/deliveries/" + $0 },
    ]
  }

  private func userKinds(_ users: [String]) -> [PageKind] {
    func then(_ name: String, _ users: [String]) -> PageKind {
      PageKind(
        name: name,
        asks: users.isEmpty
          ? []
          : positions.enumerated().map { place, position in
            .init(
              path: "/console/users/\(Self.encode(users[place % users.count]))?at=\(position)")
          })
    }
    return [
      kind("a user", users) { "/users/" + $0 },
      kind("the users with most deliveries", heaviest) { "/users/" + $0 },
      kind("the users with most conversations", memberOfMost) { "/users/" + $0 },
      then("a user then", users), then("the users with most deliveries, then", heaviest),
      then("the users with most conversations, then", memberOfMost),
    ]
  }

  private func deliveryKinds(_ users: [String], at now: Timestamp) -> [PageKind] {
    func since(_ days: Int64) -> String {
      "from=" + Self.encode((now + .seconds(-days * 86_400)).description)
    }
    let spans = [("deliveries of 24 h", since(1)), ("deliveries of 7 days", since(7))]
    let byStatus = Self.statuses.map { ("deliveries of 7 days, \($0)", since(7) + "&status=\($0)") }
    func by(_ name: String, _ values: [String]) -> PageKind {
      kind("deliveries of 7 days, by \(name)", values) { "/deliveries?\(since(7))&\(name)=\($0)" }
    }
    return [PageKind(name: "deliveries", asks: [.init(path: "/console/deliveries")])]
      + (spans + byStatus).map { name, query in
        PageKind(name: name, asks: [.init(path: "/console/deliveries?" + query)])
      }
      + [
        by("reason", reasons), by("provider", providers), by("version", versions),
        by("platform", ["ios", "android", "web"]), by("group", groups), by("user", users),
        kind("deliveries, by the users with most", heaviest) { "/deliveries?user=" + $0 },
      ]
  }

  private func searchKinds(_ users: [String]) -> [PageKind] {
    func search(_ name: String, _ values: [String]) -> PageKind {
      kind("search, \(name)", values, [200, 303]) { "/search?q=" + $0 }
    }
    return [
      search("a message", direct), search("a user", users), search("a group", groups),
      search("a device", deliveries.map(\.device)), search("a token", tokens),
      search("a delivery", deliveries.map(\.id)), search("a provider's id", attempts),
      search("a position", positions.map { String($0) }),
      kind("search, of which there is nothing", positions.map { "nothing-\($0)" }, [404]) {
        "/search?q=" + $0
      },
    ]
  }

  private func operateKinds(_ users: [String]) -> [PageKind] {
    let chosen = deliveries.prefix(Self.chosen).map { "id.\($0.id.lowercased())=on" }
    return [
      PageKind(name: "operate", asks: [.init(path: "/console/operate")]),
      PageKind(
        name: "operate, to pause?", asks: [.init(path: "/console/operate/pause?provider=all")]),
      PageKind(name: "operate, to rebuild?", asks: [.init(path: "/console/operate/rebuild")]),
      kind("operate, to erase a user?", users) { "/operate/erase?user=" + $0 },
      PageKind(
        name: "operate, to try deliveries again?",
        asks: chosen.isEmpty
          ? []
          : [
            .init(
              path: "/console/operate/deliveries",
              form: (["order=retry"] + chosen).joined(separator: "&"))
          ]),
      PageKind(name: "test push", asks: [.init(path: "/console/test")]),
      PageKind(
        name: "test push, to a device",
        asks: deliveries.map { delivery in
          .init(
            path: "/console/test?user=\(Self.encode(delivery.user))"
              + "&device=\(Self.encode(delivery.device))")
        }),
    ]
  }

  /// A page under `/console` for each value, encoded.
  private func kind(
    _ name: String, _ values: [String], _ statuses: [UInt] = [200],
    _ path: (String) -> String
  ) -> PageKind {
    PageKind(
      name: name, statuses: statuses,
      asks: values.map { .init(path: "/console" + path(Self.encode($0))) })
  }

  private static func encode(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }
}
