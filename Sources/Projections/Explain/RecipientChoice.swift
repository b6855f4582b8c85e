import Ledger
import Postgres
import PushCore

/// Whom an explanation is about.
struct RecipientChoice {
  struct Picked {
    var users: [UserID]
    var counts: [Explanation.Count] = []
    /// Recipients that are left out.
    var others: Int64 = 0
    /// Whether suppressed decisions of the message are counts, not rows.
    var isCounted = false
  }

  let app: AppID
  let connection: PostgresConnection
  let sent: SentMessage

  func pick(_ question: Explainer.Question) async throws -> Picked {
    let (counts, isCounted) = try await counts()
    if let user = question.user {
      return Picked(users: [user], counts: counts, isCounted: isCounted)
    }
    switch sent.message.conversation {
    case .user(let peer): return Picked(users: [peer], counts: counts, isCounted: isCounted)
    case .group(let group):
      if let device = question.device { throw ExplainError.deviceWithoutUser(device) }
      let limit = min(max(question.limit, 1), Explainer.maximumRecipients)
      let users = try await members(of: group, limit: limit, isCounted)
      return Picked(
        users: users, counts: counts,
        others: max(0, (sent.recipients ?? 0) - Int64(users.count)), isCounted: isCounted)
    }
  }

  private func counts() async throws -> ([Explanation.Count], isCounted: Bool) {
    let results = try await connection.pipeline([
      PostgresCall(
        """
        select status, reason, count(*) from pushledger.deliveries
        where app = $1 and position = $2 group by status, reason
        """, [app.rawValue, sent.event.position]),
      PostgresCall(
        """
        select 'suppressed', reason, count::bigint from pushledger.suppressed_counts
        where app = $1 and position = $2
        """, [app.rawValue, sent.event.position]),
    ])
    var counts: [Explanation.Count] = []
    for row in results.joined() {
      counts.append(
        Explanation.Count(
          status: try row.get(0), reason: try row.optional(1), count: try row.get(2)))
    }
    counts.sort { left, right in
      guard left.count == right.count else { return left.count > right.count }
      return (left.status, left.reason ?? "") < (right.status, right.reason ?? "")
    }
    return (counts, !results[1].isEmpty)
  }

  /// Recipients of a message to a group: first those for whom no provider took a push, with a row
  /// or without, then the others.
  private func members(
    of group: GroupID, limit: Int, _ isCounted: Bool
  ) async throws -> [UserID] {
    let listed = try await withRows(limit)
    let open = listed.filter { !$0.isAccepted }.map(\.user)
    let accepted = listed.filter(\.isAccepted).map(\.user)
    guard open.count < limit, isCounted || !sent.isProjected || listed.isEmpty else {
      return Array((open + accepted).prefix(limit))
    }
    let unlisted = try await withoutRows(of: group, limit: limit - open.count)
    return Array((open + unlisted + accepted).prefix(limit))
  }

  private func withRows(_ limit: Int) async throws -> [(user: UserID, isAccepted: Bool)] {
    let rows = try await connection.query(
      """
      select user_id, bool_and(status = 'accepted') from pushledger.deliveries
      where app = $1 and position = $2 group by user_id order by 2, 1 limit $3
      """, [app.rawValue, sent.event.position, Int64(limit)])
    return try rows.map { (UserID(unchecked: try $0.get(0)), try $0.get(1)) }
  }

  /// Members at the message's position that have no delivery of it.
  private func withoutRows(of group: GroupID, limit: Int) async throws -> [UserID] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(sent.event.position)
    values.add(StreamName.group(group).rawValue)
    values.add(sent.message.sender.rawValue)
    values.add(array: sent.message.targets.map(\.rawValue))
    values.add(Int64(limit))
    values.add(array: sent.skipped.all)
    let rows = try await connection.query(
      """
      select m.user_id from (
        select distinct on (e.data ->> 'user') e.data ->> 'user' as user_id, e.type
        from ledger.events e
        where e.app = $1 and e.stream = $3 and e.position < $2
          and e.position <> all ($7::bigint[])
          and e.type in ('group.member_added', 'group.member_removed')
          and e.position > coalesce((
            select max(d.position) from ledger.events d
            where d.app = $1 and d.stream = $3 and d.type = 'group.dissolved'
              and d.position < $2 and d.position <> all ($7::bigint[])), 0)
        order by e.data ->> 'user', e.position desc) m
      where m.type = 'group.member_added' and m.user_id <> $4
        and (cardinality($5::text[]) = 0 or m.user_id = any ($5::text[]))
        and not exists (
          select from pushledger.deliveries d
          where d.app = $1 and d.user_id = m.user_id and d.position = $2)
      order by m.user_id limit $6
      """, values)
    return try rows.map { UserID(unchecked: try $0.get(0)) }
  }
}
