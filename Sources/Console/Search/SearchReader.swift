import Foundation
import Ledger
import Postgres
import PushCore

/// One thing that a search found.
struct SearchHit: Sendable, Equatable {
  var kind: SearchKind
  /// Its id, as it stands in the ledger.
  var id: String
  /// What else tells it apart from others.
  var note: String
  /// Its page; nil where it has none.
  var path: String?
}

/// What is looked for, in the order in which it is shown.
enum SearchKind: String, CaseIterable, Sendable {
  case message, user, group, device, delivery
  case provider = "provider’s id"
  case token = "device token"
  case position = "position"

  /// What one would have found.
  var sentence: String {
    switch self {
    case .message: "a message with this id"
    case .user: "a user with this id"
    case .group: "a group with this id"
    case .device: "a device with this id, of any user"
    case .delivery: "a delivery with this id"
    case .provider: "an attempt with this id of the provider, such as an apns-id"
    case .token: "a device that has, or had, a token with this SHA-256, or this token"
    case .position: "an event at this position"
    }
  }
}

/// Looks for a term as everything that it can be, in one trip to the database and by indexes alone.
struct SearchReader: Sendable {
  /// Found of each kind at most; more are said to be there.
  static let limit: Int64 = 20

  let pool: PostgresPool

  struct Found: Sendable {
    var hits: [SearchHit] = []
    /// Kinds of which there are more than ``SearchReader/limit``.
    var hasMore: Set<SearchKind> = []
    var archive: LedgerArchive?
    /// Whether the term is a place in the ledger that the archive has, and not the database.
    var isArchivedPosition = false
    /// Whether it is a token itself, and not the SHA-256 of one.
    var isTokenItself = false
  }

  func find(_ term: SearchTerm, of app: AppID) async throws -> Found {
    let results = try await pool.withConnection { connection in
      try await connection.pipeline(
        Self.entityCalls(term, app) + Self.tokenCalls(term, app) + [
          Self.deliveries(term, app), Self.attempts(term, app), Self.event(term, app),
          LedgerArchive.call(of: app),
        ])
    }
    var found = Found()
    func add(
      _ kind: SearchKind, _ rows: PostgresResult,
      _ read: (PostgresRow) throws -> SearchHit
    ) throws {
      if rows.count > Int(Self.limit) { found.hasMore.insert(kind) }
      for row in rows.prefix(Int(Self.limit)) {
        let hit = try read(row)
        if !found.hits.contains(hit) { found.hits.append(hit) }
      }
    }
    try add(.message, results[0], Self.message)
    try add(.user, results[1]) { row in
      let id: String = try row.get(0)
      return SearchHit(kind: .user, id: id, note: "", path: PagePath.user(id))
    }
    try add(.group, results[2]) { row in
      let id: String = try row.get(0)
      let name = try row.optional(1, as: String.self) ?? ""
      return SearchHit(kind: .group, id: id, note: name, path: PagePath.group(id))
    }
    try add(.device, results[3]) { try Self.device($0, .device, "") }
    try add(.delivery, results[6]) { try Self.delivery($0, .delivery) }
    try add(.provider, results[7]) { try Self.delivery($0, .provider) }
    for rows in results[4...5] {
      for row in rows where try !row.get(3, as: Bool.self) {
        found.isTokenItself = true
      }
    }
    try add(.token, results[4]) { try Self.device($0, .token, "holds the token now") }
    try add(.token, results[5]) { row in
      let hit = try Self.device(row, .token, "was given the token before")
      // Who holds it now was given it before.
      return found.hits.first { $0.kind == .token && $0.path == hit.path } ?? hit
    }
    try add(.position, results[8], Self.event)
    found.archive = try LedgerArchive(results[9])
    if let position = term.position, results[8].isEmpty, let archive = found.archive {
      found.isArchivedPosition = position <= archive.position
    }
    return found
  }

  // MARK: Statements

  private static func entityCalls(_ term: SearchTerm, _ app: AppID) -> [PostgresCall] {
    var ids: PostgresParameters = [app.rawValue]
    ids.add(array: term.ids)
    ids.add(limit + 1)
    return [
      PostgresCall(
        """
        select message_id, recorded_at from pushledger.messages
        where app = $1 and message_id = any($2) limit $3
        """, ids),
      // Somebody of whom nothing was said but a device, a membership or a message.
      PostgresCall(
        """
        select i.id from unnest($2::text[]) as i (id)
        where exists (select from pushledger.users u where u.app = $1 and u.user_id = i.id)
          or exists (select from pushledger.devices d where d.app = $1 and d.user_id = i.id)
          or exists (
            select from notifications_v1.members m where m.app = $1 and m.user_id = i.id)
          or exists (
            select from notifications_v1.deliveries d where d.app = $1 and d.user_id = i.id)
          or exists (select from pushledger.messages m where m.app = $1 and m.sender = i.id)
        limit $3
        """, ids),
      PostgresCall(
        """
        select group_id, name from notifications_v1.conversations
        where app = $1 and group_id = any($2) limit $3
        """, ids),
      PostgresCall(
        """
        select user_id, device_id, platform from pushledger.devices
        where app = $1 and device_id = any($2) order by user_id limit $3
        """, ids),
    ]
  }

  private static func tokenCalls(_ term: SearchTerm, _ app: AppID) -> [PostgresCall] {
    var now: PostgresParameters = [app.rawValue]
    now.add(array: term.fingerprints)
    now.add(limit + 1)
    now.add(array: ProviderName.allCases.map(\.rawValue))
    now.add(term.text.lowercased())
    var before: PostgresParameters = [app.rawValue]
    before.add(array: term.fingerprints)
    before.add(limit + 1)
    before.add(term.text.lowercased())
    return [
      // By the index (app, provider, token): a look for each provider.
      PostgresCall(
        """
        select t.user_id, t.device_id, d.platform, t.token_sha256 = $5 from (
          (select app, user_id, device_id, token_sha256 from pushledger.devices
          where app = $1 and provider = any($4) and token_sha256 = any($2) limit $3)
          union
          (select app, user_id, device_id, token_sha256 from pushledger.fallbacks
          where app = $1 and provider = any($4) and token_sha256 = any($2) limit $3)) t
        left join pushledger.devices d
          on d.app = t.app and d.user_id = t.user_id and d.device_id = t.device_id
        order by t.user_id, t.device_id limit $3
        """, now),
      // The newest registrations of each; a device that registers again and again is one.
      PostgresCall(
        """
        select distinct e.data ->> 'user', e.data ->> 'device', e.data ->> 'platform',
          jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ? $4
        from (
          select data from pushledger.events e
          where e.app = $1 and e.type = 'device.registered'
            and jsonb_path_query_array(e.data, 'strict $.**.token_sha256') ?| $2::text[]
          limit 1000) e
        order by 1, 2 limit $3
        """, before),
    ]
  }

  private static let deliveryColumns = "delivery_id, message_id, user_id, device_id"

  private static func deliveries(_ term: SearchTerm, _ app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select \(deliveryColumns), status from pushledger.deliveries
      where app = $1 and delivery_id = $2
      """, [app.rawValue, term.uuid])
  }

  private static func attempts(_ term: SearchTerm, _ app: AppID) -> PostgresCall {
    var values: PostgresParameters = [app.rawValue]
    values.add(array: term.spellings)
    values.add(limit + 1)
    return PostgresCall(
      """
      select \(deliveryColumns), provider from pushledger.attempts
      where app = $1 and provider_message_id = any($2) and message_id is not null limit $3
      """, values)
  }

  private static func event(_ term: SearchTerm, _ app: AppID) -> PostgresCall {
    PostgresCall(
      """
      select position, type, stream, data ->> 'user', data ->> 'device', recorded_at
      from pushledger.events where app = $1 and position = $2
      """, [app.rawValue, term.position])
  }
}

// MARK: - Rows

extension SearchReader {
  private static func message(_ row: PostgresRow) throws -> SearchHit {
    let id: String = try row.get(0)
    return SearchHit(
      kind: .message, id: id, note: "recorded at \(try row.timestamp(1))",
      path: PagePath.message(id))
  }

  private static func device(
    _ row: PostgresRow, _ kind: SearchKind, _ note: String
  ) throws -> SearchHit {
    let (user, device): (String, String) = (try row.get(0), try row.get(1))
    let platform = try row.optional(2, as: String.self)
    let parts = ["of \(user)", platform, note.isEmpty ? nil : note]
    return SearchHit(
      kind: kind, id: device, note: parts.compactMap { $0 }.joined(separator: ", "),
      path: PagePath.user(user) + "#device-" + PagePath.encode(device))
  }

  private static func delivery(_ row: PostgresRow, _ kind: SearchKind) throws -> SearchHit {
    let id = try row.get(0, as: UUID.self).uuidString.lowercased()
    let (message, user): (String, String) = (try row.get(1), try row.get(2))
    let device = try row.optional(3, as: String.self).map { " on \($0)" } ?? ""
    return SearchHit(
      kind: kind, id: id,
      note: "of message \(message) to \(user)\(device), \(try row.get(4, as: String.self))",
      path: PagePath.make("/deliveries/" + id))
  }

  /// An event leads to what its stream is of.
  private static func event(_ row: PostgresRow) throws -> SearchHit {
    let (type, stream): (String, String) = (try row.get(1), try row.get(2))
    let parts = stream.split(separator: "/", omittingEmptySubsequences: false).map {
      StreamName.decode(String($0))
    }
    let path: String? =
      switch (parts.first, parts.count) {
      case ("message", 2): PagePath.message(parts[1])
      case ("user", 2): PagePath.user(parts[1])
      case ("group", 2): PagePath.group(parts[1])
      case ("device", 3): PagePath.user(parts[1]) + "#device-" + PagePath.encode(parts[2])
      default: nil
      }
    return SearchHit(
      kind: .position, id: String(try row.get(0, as: Position.self)),
      note: "\(type) of \(stream), recorded at \(try row.timestamp(5))", path: path)
  }
}
