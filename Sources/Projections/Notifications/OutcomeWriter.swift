import Postgres
import PushCore

import struct Foundation.UUID

/// Makes the statements for what a batch changes of deliveries that are there: call-offs, recalls,
/// attempts and receipts. They come after the batch's own deliveries were inserted.
struct OutcomeWriter {
  let app: AppID
  let tables: ProjectionTables
  let recalled: [MessageState]
  let output: BatchOutput

  func calls() -> [PostgresCall] {
    var calls: [PostgresCall] = []
    if !recalled.isEmpty { calls.append(recalls()) }
    if !output.cancellations.isEmpty { calls.append(cancellations()) }
    if !output.attempts.isEmpty { calls += [attempts()] + reroutes() + [moves()] }
    if !output.delivered.isEmpty { calls.append(receipts(output.delivered, "delivered_at")) }
    if !output.opened.isEmpty { calls.append(receipts(output.opened, "opened_at")) }
    if !output.notShown.isEmpty { calls.append(notShown()) }
    return calls
  }

  private func parameters() -> PostgresParameters {
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    return parameters
  }

  private func recalls() -> PostgresCall {
    var values = parameters()
    values.add(array: recalled.map(\.id.rawValue))
    values.add(array: recalled.map(\.recalledAt))
    return PostgresCall(
      """
      update \(tables.schema).messages m set recalled_at = r.position
      from unnest($2::text[], $3::bigint[]) as r (message_id, position)
      where m.app = $1 and m.message_id = r.message_id
      """, values)
  }

  // MARK: Call-offs

  /// Ends due deliveries, each by the first event that called it off, and takes them from what is
  /// due. All kinds go in one statement, for only together do they tell which was first. Each
  /// call-off looks up its own deliveries (`offset 0` keeps it so): joined as a whole, the planner
  /// would rather read all that is due. They are found again by their places (`ctid`), since with
  /// statistics of a time when nothing was due it would hold all that is due against all that was
  /// found; they stay there, as nobody else writes deliveries without the checkpoint's lock.
  private func cancellations() -> PostgresCall {
    var values = parameters()
    addDeviceScopes(to: &values)
    addReadScopes(to: &values)
    addMessageScopes(to: &values)
    return PostgresCall(
      """
      with found as (
        select d.place, d.reason_before, c.reason, c.at_position, c.at
        from unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[])
          as c (reason, at_position, at, user_id, device_id)
        cross join lateral (
          select d.ctid as place, d.reason as reason_before from \(tables.schema).deliveries d
          where \(Self.isDue) and d.device_id = c.device_id
            and d.position < c.at_position offset 0) d
        union all
        select d.place, d.reason_before, c.reason, c.at_position, c.at
        from unnest($7::text[], $8::bigint[], $9::timestamptz[], $10::text[], $11::text[],
          $12::bigint[]) as c (reason, at_position, at, user_id, conversation, up_to)
        cross join lateral (
          select d.ctid as place, d.reason as reason_before from \(tables.schema).deliveries d
          where \(Self.isDue) and hashtext(d.conversation) = hashtext(c.conversation)
            and d.conversation = c.conversation
            and d.position <= least(c.up_to, c.at_position - 1) offset 0) d
        union all
        select d.place, d.reason_before, c.reason, c.at_position, c.at
        from unnest($13::text[], $14::bigint[], $15::timestamptz[], $16::bigint[])
          as c (reason, at_position, at, position)
        cross join lateral (
          select d.ctid as place, d.reason as reason_before from \(tables.schema).deliveries d
          where d.app = $1 and d.position = c.position and d.status = 'due' offset 0) d
      ), first as (
        select distinct on (f.place) f.place, f.reason_before, f.reason, f.at
        from found f order by f.place, f.at_position
      ), ended as (
        update \(tables.schema).deliveries d
        set status = 'cancelled', reason = first.reason, ended_at = first.at
        from first
        where d.ctid = first.place
        returning d.app, d.provider, d.lane, coalesce(d.due_position, d.position) as position,
          d.delivery_id, d.status, d.reason, first.reason_before, d.decided_at, d.platform,
          d.app_version, d.attempts, d.delivered_at, d.opened_at, d.not_shown_at
      ), \(StatisticsSQL.callOffs(tables))
      \(noLongerDue("ended"))
      """, values)
  }

  /// What is due of a call-off's user: by the hash first, in whose order `deliveries_due` is.
  private static let isDue = """
    hashtext(d.user_id) = hashtext(c.user_id) and d.app = $1 and d.user_id = c.user_id
      and d.status = 'due'
    """

  private func add(_ cancellations: [Cancellation], to values: inout PostgresParameters) {
    values.add(array: cancellations.map(\.reason.rawValue))
    values.add(array: cancellations.map(\.position))
    values.add(array: cancellations.map { PostgresTimestamp($0.recordedAt) })
  }

  /// Of a device's call-offs only the first finds anything: what the batch itself decided is stored
  /// as it ends.
  private func addDeviceScopes(to values: inout PostgresParameters) {
    var devices: [DeviceKey] = []
    var seen: Set<DeviceKey> = []
    let cancellations = output.cancellations.filter {
      guard case .device(let user, let device) = $0.scope else { return false }
      let key = DeviceKey(user: user, device: device)
      guard seen.insert(key).inserted else { return false }
      devices.append(key)
      return true
    }
    add(cancellations, to: &values)
    values.add(array: devices.map(\.user.rawValue))
    values.add(array: devices.map(\.device.rawValue))
  }

  private func addReadScopes(to values: inout PostgresParameters) {
    var scopes: [(user: UserID, conversation: ConversationKey, upTo: Position)] = []
    let cancellations = output.cancellations.filter {
      guard case .read(let user, let conversation, let upTo) = $0.scope else { return false }
      scopes.append((user, conversation, upTo))
      return true
    }
    add(cancellations, to: &values)
    values.add(array: scopes.map(\.user.rawValue))
    values.add(array: scopes.map(\.conversation.storedName))
    values.add(array: scopes.map(\.upTo))
  }

  private func addMessageScopes(to values: inout PostgresParameters) {
    var positions: [Position] = []
    var cancellations: [Cancellation] = []
    for cancellation in output.cancellations {
      switch cancellation.scope {
      case .message(_, let position): positions.append(position)
      case .erased(let erased): positions += erased
      case .device, .read: continue
      }
      while cancellations.count < positions.count { cancellations.append(cancellation) }
    }
    add(cancellations, to: &values)
    values.add(array: positions)
  }

  // MARK: Attempts and receipts

  private func attempts() -> PostgresCall {
    let rows = output.attempts
    var values = parameters()
    values.add(array: rows.map(\.position))
    values.add(array: rows.map(\.attempt.deliveryID))
    values.add(array: rows.map { Int32(clamping: $0.attempt.attempt) })
    values.add(array: rows.map(\.attempt.provider.rawValue))
    values.add(array: rows.map(\.attempt.outcome.rawValue))
    values.add(array: rows.map { $0.attempt.status.map { Int32(clamping: $0) } })
    values.add(array: rows.map(\.attempt.reason))
    values.add(array: rows.map(\.attempt.providerMessageID))
    values.add(array: rows.map { PostgresTimestamp($0.attempt.startedAt) })
    values.add(array: rows.map { PostgresTimestamp($0.attempt.finishedAt) })
    values.add(array: rows.map { $0.attempt.retryAt.map(PostgresTimestamp.init) })
    values.add(array: rows.map(\.attempt.dispatcher))
    values.add(array: rows.map(\.attempt.fenced))
    return PostgresCall(
      """
      insert into \(tables.schema).attempts (app, position, delivery_id, attempt, provider,
        outcome, status, reason, provider_message_id, started_at, finished_at, retry_at,
        dispatcher, fenced)
      select $1, * from unnest($2::bigint[], $3::uuid[], $4::int[], $5::text[], $6::text[],
        $7::int[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[],
        $12::timestamptz[], $13::text[], $14::boolean[])
      """, values)
  }

  /// A delivery whose way was refused for good is due by the next one, in the place of the attempt
  /// that said so: whoever reads what is due in the order of the ledger has not read past it. Which
  /// way it was to take last does not depend on whether it is due still. A refusal that came after
  /// its lane was lost leaves a number out: the lane's new holder may be using it.
  ///
  /// - Returns: A statement for the first refusal of each delivery, one for the second, and so on.
  private func reroutes() -> [PostgresCall] {
    var rounds: [[(attempt: FoldedAttempt, next: ProviderName)]] = []
    var seen: [UUID: Int] = [:]
    for attempt in output.attempts {
      guard let next = attempt.next else { continue }
      let round = seen[attempt.attempt.deliveryID, default: 0]
      seen[attempt.attempt.deliveryID] = round + 1
      if round == rounds.count { rounds.append([]) }
      rounds[round].append((attempt, next))
    }
    return rounds.map(reroute)
  }

  private func reroute(
    _ rows: [(attempt: FoldedAttempt, next: ProviderName)]
  ) -> PostgresCall {
    var values = parameters()
    values.add(array: rows.map(\.attempt.attempt.deliveryID))
    values.add(array: rows.map(\.attempt.attempt.provider.rawValue))
    values.add(array: rows.map(\.next.rawValue))
    values.add(array: rows.map(\.attempt.position))
    values.add(array: rows.map { Int32(clamping: $0.attempt.attempt.attempt) })
    values.add(array: rows.map { PostgresTimestamp($0.attempt.recordedAt) })
    values.add(array: rows.map(\.attempt.attempt.fenced))
    return PostgresCall(
      """
      with moved as (
        update \(tables.schema).deliveries d
        set provider = n.next, due_position = n.position,
          attempts = greatest(d.attempts, n.attempt)
        from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::int[],
            $7::timestamptz[], $8::boolean[])
          as n (delivery_id, provider, next, position, attempt, recorded_at, fenced)
        join \(tables.schema).deliveries old on old.app = $1
          and old.delivery_id = n.delivery_id
        where d.app = $1 and d.delivery_id = n.delivery_id and d.provider = n.provider
          and d.position < n.position
        returning d.*, n.recorded_at, n.fenced, old.provider as old_provider,
          coalesce(old.due_position, old.position) as old_position, old, d as new
      ), changed as (
        select m.old, m.new from moved m
      ), \(StatisticsSQL.changes(tables))
      \(dueElsewhere)
      """, values)
  }

  /// A delivery moves to a status of a higher rank only, and what has ended is no longer due. An
  /// attempt that stands before its message in the ledger changes nothing.
  private func moves() -> PostgresCall {
    let rows = output.attempts
    var values = parameters()
    values.add(array: rows.map(\.position))
    values.add(array: rows.map(\.attempt.deliveryID))
    values.add(array: rows.map(\.status.rawValue))
    values.add(array: rows.map(\.attempt.reason))
    values.add(array: rows.map { Int32(clamping: $0.attempt.attempt) })
    values.add(array: rows.map { PostgresTimestamp($0.attempt.startedAt) })
    values.add(array: rows.map { PostgresTimestamp($0.attempt.finishedAt) })
    values.add(array: rows.map(\.attempt.provider.rawValue))
    values.add(array: rows.map(\.attempt.outcome.rawValue))
    values.add(array: rows.map { PostgresTimestamp($0.recordedAt) })
    return PostgresCall(
      """
      with known as materialized (
        select a.*, old
        from unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::int[],
          $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::timestamptz[])
          as a (position, delivery_id, status, reason, attempt, started_at, finished_at, provider,
            outcome, recorded_at)
        join \(tables.schema).deliveries old on old.app = $1
          and old.delivery_id = a.delivery_id and old.position < a.position
          and old.status <> 'suppressed'
      ), \(StatisticsSQL.attempts(tables)), best as (
        select distinct on (a.delivery_id) a.delivery_id, a.status, a.reason, a.finished_at, a.old,
          pushledger.status_rank(a.status)
            > pushledger.status_rank((a.old).status) as rises,
          max(a.attempt) over same as attempts, min(a.started_at) over same as first_attempt_at
        from known a
        window same as (partition by a.delivery_id)
        order by a.delivery_id, pushledger.status_rank(a.status) desc, a.position
      ), moved as (
        update \(tables.schema).deliveries d
        set status = case when n.rises then n.status else d.status end,
          reason = case when n.rises then n.reason else d.reason end,
          ended_at = case when n.rises then n.finished_at else d.ended_at end,
          attempts = greatest(d.attempts, n.attempts),
          first_attempt_at = least(d.first_attempt_at, n.first_attempt_at)
        from best n
        where d.app = $1 and d.delivery_id = n.delivery_id
        returning d.app, d.provider, d.lane, coalesce(d.due_position, d.position) as position,
          d.delivery_id, d.status, n.old, d as new
      ), changed as (
        select m.old, m.new from moved m
      ), \(StatisticsSQL.changes(tables))
      \(noLongerDue("moved"))
      """, values)
  }

  /// A receipt that stands before its message in the ledger changes nothing.
  private func receipts(
    _ receipts: [(receipt: PushReceipt, position: Position)], _ column: String
  ) -> PostgresCall {
    var values = parameters()
    values.add(array: receipts.map(\.receipt.deliveryID))
    values.add(array: receipts.map { PostgresTimestamp($0.receipt.at) })
    values.add(array: receipts.map(\.position))
    return PostgresCall(
      """
      with changed as (
        update \(tables.schema).deliveries d set \(column) = least(d.\(column), r.at)
        from (
          select r.delivery_id, min(r.at) as at
          from unnest($2::uuid[], $3::timestamptz[], $4::bigint[]) as r (delivery_id, at, position)
          join \(tables.schema).deliveries o on o.app = $1 and o.delivery_id = r.delivery_id
            and o.position < r.position
          group by r.delivery_id
        ) r
        join \(tables.schema).deliveries old on old.app = $1 and old.delivery_id = r.delivery_id
        where d.app = $1 and d.delivery_id = r.delivery_id
        returning old, d as new
      ), \(StatisticsSQL.changes(tables))
      select
      """, values)
  }

  /// The earliest reason stays.
  private func notShown() -> PostgresCall {
    var values = parameters()
    values.add(array: output.notShown.map(\.receipt.deliveryID))
    values.add(array: output.notShown.map { PostgresTimestamp($0.receipt.at) })
    values.add(array: output.notShown.map(\.reason))
    values.add(array: output.notShown.map(\.position))
    return PostgresCall(
      """
      with changed as (
        update \(tables.schema).deliveries d
        set not_shown_at = r.at, not_shown_reason = r.reason
        from (
          select distinct on (r.delivery_id) r.delivery_id, r.at, r.reason
          from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[])
            as r (delivery_id, at, reason, position)
          join \(tables.schema).deliveries o on o.app = $1 and o.delivery_id = r.delivery_id
            and o.position < r.position
          order by r.delivery_id, r.at, r.reason
        ) r
        join \(tables.schema).deliveries old on old.app = $1 and old.delivery_id = r.delivery_id
        where d.app = $1 and d.delivery_id = r.delivery_id
          and (d.not_shown_at is null or (r.at, r.reason) < (d.not_shown_at, d.not_shown_reason))
        returning old, d as new
      ), \(StatisticsSQL.changes(tables))
      select
      """, values)
  }

  // MARK: What is due

  /// The end of a statement: what a common table ended is due no more.
  private func noLongerDue(_ ended: String) -> String {
    guard tables.sayWhatIsDue else { return "select" }
    return """
      delete from dispatch.due
      using \(ended) e
      where e.status <> 'due' and due.app = e.app and due.provider = e.provider
        and due.lane = e.lane and due.position = e.position and due.delivery_id = e.delivery_id
      """
  }

  /// The end of a statement: what a common table `moved` to another way is due there.
  private var dueElsewhere: String {
    guard tables.sayWhatIsDue else { return "select" }
    return """
      , gone as (
        delete from dispatch.due
        using moved m
        where due.app = m.app and due.provider = m.old_provider and due.lane = m.lane
          and due.position = m.old_position and due.delivery_id = m.delivery_id
      )
      insert into dispatch.due (app, provider, lane, position, delivery_id, user_id, device_id,
        attempts, due_at, expires_at)
      select m.app, m.provider, m.lane, m.due_position, m.delivery_id, m.user_id, m.device_id,
        m.attempts + m.fenced::int, m.recorded_at, s.expires_at
      from moved m
      cross join lateral (
        select s.expires_at from \(tables.schema).messages s
        where s.app = m.app and s.position = m.position limit 1) s
      where m.status = 'due'
      """
  }
}
