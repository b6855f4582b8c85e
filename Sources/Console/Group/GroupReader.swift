import Ledger
import Postgres
import PushCore

/// What a group's page shows.
struct GroupFacts: Sendable {
  struct Member: Sendable {
    var user: String
    var receive: String
    var unread: Int64
  }

  struct Message: Sendable {
    var message: String
    var position: Position
    var sender: String
    var recordedAt: Timestamp
    var isRecalled: Bool
    var recipients: Int64
    var pushes: Int64
    /// Suppressed decisions that are counted and have no rows.
    var counted: Int64
    /// Deliveries by status; nil where they are too many to be counted for a page.
    var statuses: [(status: String, number: Int64)]?
  }

  var name: String?
  var kind: String?
  var owner: String?
  /// Messages so far that count as unread for all.
  var counted: Int64
  /// At most ``GroupReader/countedMembers``.
  var members: Int64
  /// A page of them, in the order of their ids.
  var page: [Member] = []
  var hasMoreMembers = false
  /// The last ones, newest first.
  var messages: [Message] = []
  var hasMoreMessages = false
}

/// Reads what a group's page shows, by indexes, and no more than a bounded number of rows.
struct GroupReader: Sendable {
  static let members = 100
  /// Members that are counted at most.
  static let countedMembers: Int64 = 10_000
  static let messages = 20
  /// Deliveries of a message, and users that it was for, beyond which its deliveries are not counted.
  static let countedDeliveries: Int64 = 1_000

  let pool: PostgresPool

  /// - Parameter after: The member after whom the page begins; nil: the first ones.
  /// - Returns: Nil where the app has no such group.
  func read(
    _ group: GroupID, in app: AppID, membersAfter after: UserID?
  ) async throws -> GroupFacts? {
    let conversation = ConversationKey.group(group).storedName
    let results = try await pool.withConnection { connection in
      try await connection.pipeline([
        UserQueries.settings,
        PostgresCall(
          """
          select name, kind, owner, messages from pushledger.groups
          where app = $1 and group_id = $2
          """, [app.rawValue, group.rawValue]),
        PostgresCall(
          """
          select count(*) from (
            select from pushledger.unread where app = $1 and conversation = $2 limit $3) m
          """, [app.rawValue, conversation, Self.countedMembers]),
        PostgresCall(
          """
          select user_id, receive, unread from pushledger.unread
          where app = $1 and conversation = $2 and user_id > $3 order by user_id limit $4
          """,
          [app.rawValue, conversation, after?.rawValue ?? "", Int64(Self.members) + 1]),
        Self.messages(app, conversation),
      ])
    }
    guard let row = results[1].first else { return nil }
    var facts = GroupFacts(
      name: try row.optional(0), kind: try row.optional(1), owner: try row.optional(2),
      counted: try row.get(3), members: try results[2].first?.get(0) ?? 0)
    let members = try results[3].map { row throws(PostgresError) in
      GroupFacts.Member(user: try row.get(0), receive: try row.get(1), unread: try row.get(2))
    }
    facts.page = Array(members.prefix(Self.members))
    facts.hasMoreMembers = members.count > Self.members
    let messages = try results[4].map(Self.message)
    facts.messages = Array(messages.prefix(Self.messages))
    facts.hasMoreMessages = messages.count > Self.messages
    return facts
  }

  /// The last messages, each with how its deliveries stand where they are few.
  private static func messages(_ app: AppID, _ conversation: String) -> PostgresCall {
    PostgresCall(
      """
      select m.message_id, m.position, m.sender, m.recorded_at, m.recalled, m.recipients::bigint,
        m.pushes::bigint,
        (select coalesce(sum(s.count), 0)::bigint from pushledger.suppressed_counts s
          where s.app = $1 and s.position = m.position),
        m.is_small, d.statuses, d.numbers
      from (
        select *, recipients <= $4 and pushes <= $4 as is_small from pushledger.messages
        where app = $1 and conversation = $2 order by position desc limit $3) m
      cross join lateral (
        select coalesce(array_agg(d.status order by d.number desc, d.status), '{}') as statuses,
          coalesce(array_agg(d.number order by d.number desc, d.status), '{}') as numbers
        from (
          select d.status, count(*) as number from pushledger.deliveries d
          where m.is_small and d.app = $1 and d.position = m.position group by d.status) d) d
      order by m.position desc
      """, [app.rawValue, conversation, Int64(Self.messages) + 1, Self.countedDeliveries])
  }

  private static func message(_ row: PostgresRow) throws(PostgresError) -> GroupFacts.Message {
    let isSmall: Bool = try row.get(8)
    let statuses = try row.array(9, of: String.self)
    let numbers = try row.array(10, of: Int64.self)
    return GroupFacts.Message(
      message: try row.get(0), position: try row.get(1), sender: try row.get(2),
      recordedAt: try row.timestamp(3), isRecalled: try row.get(4), recipients: try row.get(5),
      pushes: try row.get(6), counted: try row.get(7),
      statuses: isSmall ? zip(statuses, numbers).map { (status: $0, number: $1) } : nil)
  }
}
