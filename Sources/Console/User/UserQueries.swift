import Ledger
import Postgres
import Projections
import PushCore

/// The statements of a user's page, as things are and as they were at a position. All of them go by
/// indexes, and read no more than a bounded number of rows but for the user's conversations.
struct UserQueries {
  /// Devices, at most: of now, and of then, where each is folded from its events.
  static let devices = 50
  static let devicesThen = 12
  /// Devices that then may be chosen among, and what a page may name of them.
  static let namesThen: Int64 = 200
  /// Registrations in the history of tokens.
  static let registrations: Int64 = 20
  static let conversations = 100
  static let deliveries = 20
  /// Moments in the charts of badges, and deliveries and reports that are looked at for them.
  static let moments: Int64 = 200
  static let momentsSeen: Int64 = 2_000
  /// Events of a device that are looked at for when its state began.
  static let stateEvents: Int64 = 40

  let app: AppID
  let user: UserID

  /// Comes before the others of one trip: plans for any user, since one that is made for a user with
  /// very many deliveries reads all that the app has; and a merge of deliveries with all messages
  /// looks cheap where a few are wanted.
  static var settings: PostgresCall {
    PostgresCall(
      """
      select set_config('plan_cache_mode', 'force_generic_plan', true),
        set_config('enable_mergejoin', 'off', true)
      """)
  }

  /// Whether the app ever spoke of the user.
  var known: PostgresCall {
    var values: PostgresParameters = [app.rawValue, user.rawValue]
    let range = StreamName.deviceRange(of: user)
    for text in [StreamName.user(user).rawValue, range.first, range.end] { values.add(text) }
    return PostgresCall(
      """
      select exists (select from pushledger.users where app = $1 and user_id = $2)
        or exists (select from pushledger.devices where app = $1 and user_id = $2)
        or exists (select from pushledger.unread where app = $1 and user_id = $2)
        or exists (select from pushledger.deliveries where app = $1 and user_id = $2)
        or exists (select from pushledger.messages where app = $1 and sender = $2)
        or exists (select from pushledger.events where app = $1 and stream = $3)
        or exists (
          select from pushledger.events where app = $1 and stream >= $4 and stream < $5)
        or exists (
          select from pushledger.events where app = $1 and data ->> 'user' = $2
            and type in ('group.member_added', 'group.receive_changed', 'group.member_removed'))
      """, values)
  }

  var ends: PostgresCall {
    PostgresCall(
      """
      select s.head, s.position, a.position from pushledger.projection_status s
      left join pushledger.archives a on a.app = s.app
      where s.app = $1 and s.projection = 'notifications' and s.serves
      """, [app.rawValue])
  }

  /// When an event was committed; no row where it is in an archive.
  func moment(of position: Position) -> PostgresCall {
    PostgresCall(
      "select recorded_at from pushledger.events where app = $1 and position = $2",
      [app.rawValue, position])
  }

  func position(at moment: Timestamp) -> PostgresCall {
    PostgresCall(
      "select pushledger.position_at($1, $2)",
      [app.rawValue, PostgresTimestamp(microseconds: moment.microseconds)])
  }

  var account: PostgresCall {
    PostgresCall(
      """
      select nickname, badge_source, muted_until, quiet_from_second, quiet_to_second,
        quiet_time_zone, deleted
      from pushledger.users where app = $1 and user_id = $2
      """, [app.rawValue, user.rawValue])
  }

  // MARK: Devices

  /// When the state of a device began: the first of its last events that all say the same.
  private static func since(_ device: String, state: String, upTo: String) -> String {
    """
    select min(r.recorded_at) as at from (
      select e.recorded_at,
        count(*) filter (where e.says is distinct from \(state))
          over (order by e.position desc) as others
      from (
        select e.position, e.recorded_at, case e.type
            when 'device.logged_in' then 'foreground' when 'device.foregrounded' then 'foreground'
            when 'device.backgrounded' then 'background' when 'device.killed' then 'killed'
            when 'device.logged_out' then 'logged_out' when 'device.offline' then 'offline'
            when 'device.token_invalidated' then 'token_invalid' end as says
        from (
          select e.position, e.recorded_at, e.type from pushledger.events e
          where e.app = $1 and e.position <= \(upTo)
            and e.stream = $3 || replace(replace(\(device), '%', '%25'), '/', '%2F')
          order by e.app desc, e.stream desc, e.position desc limit $4) e) e
      where e.says is not null) r
    where r.others = 0
    """
  }

  private static let columns =
    "platform, provider, token_sha256, topic, environment, app_version, locale, push, c2c_sound, "
    + "group_sound, video_sound, state, registered_at, credential_id, active_at"

  private static func columns(of row: String) -> String {
    columns.split(separator: ", ").map { "\(row).\($0)" }.joined(separator: ", ")
  }

  /// When the state began where another device made it: by a login that logged this one out, or by
  /// registering a token of it.
  private static func began(_ row: String, _ device: String, upTo: String) -> String {
    """
    coalesce((select e.recorded_at from pushledger.events e
      where e.app = $1 and e.position = \(row).kicked_at), s.at,
      case when \(row).state = 'logged_out' then (
        select max(t.until_at) from (
          select e.position from pushledger.events e
          where e.app = $1 and e.position <= \(upTo) and e.type = 'device.registered'
            and e.stream = $3 || replace(replace(\(device), '%', '%25'), '/', '%2F')
          order by e.position desc limit 1) r
        join pushledger.tokens t on t.app = $1 and t.since_position = r.position
        where t.until_position <= \(upTo)) end)
    """
  }

  private static let ever = "9223372036854775807"

  private func deviceParameters() -> PostgresParameters {
    var values: PostgresParameters = [app.rawValue, user.rawValue]
    values.add(StreamName.deviceRange(of: user).first)
    values.add(Self.stateEvents)
    return values
  }

  var devicesNow: PostgresCall {
    var values = deviceParameters()
    values.add(Int64(Self.devices) + 1)
    return PostgresCall(
      """
      select d.device_id, \(Self.columns(of: "d")), \(Self.began("d", "d.device_id", upTo: Self.ever)), d.badge,
        f.providers, f.hashes, f.valid
      from (
        select * from pushledger.devices where app = $1 and user_id = $2
        order by active_at desc, device_id limit $5) d
      cross join lateral (
        \(Self.since("d.device_id", state: "d.state", upTo: Self.ever))) s
      cross join lateral (
        select coalesce(array_agg(f.provider order by f.place), '{}') as providers,
          coalesce(array_agg(f.token_sha256 order by f.place), '{}') as hashes,
          coalesce(array_agg(f.token_valid order by f.place), '{}') as valid
        from pushledger.fallbacks f
        where f.app = $1 and f.user_id = $2 and f.device_id = d.device_id) f
      order by d.active_at desc, d.device_id
      """, values)
  }

  func devices(_ devices: [DeviceID], at position: Position) -> PostgresCall {
    var values = deviceParameters()
    values.add(array: devices.map(\.rawValue))
    values.add(position)
    let fallbacks = "jsonb_array_elements(d.fallbacks) with ordinality as f (way, place)"
    return PostgresCall(
      """
      select n.device, \(Self.columns(of: "d")), \(Self.began("d", "n.device", upTo: "$6")), null::bigint,
        array(select f.way ->> 'provider' from \(fallbacks) order by f.place),
        array(select f.way ->> 'token_sha256' from \(fallbacks) order by f.place),
        array(select (f.way ->> 'valid')::boolean from \(fallbacks) order by f.place)
      from unnest($5::text[]) with ordinality as n (device, place)
      cross join lateral pushledger.device_at($1, $2, n.device, $6) d
      cross join lateral (
        \(Self.since("n.device", state: "d.state", upTo: "$6"))) s
      order by n.place
      """, values)
  }

  /// The streams of the user's devices that were heard of up to a position, the last ones first,
  /// each with its last registration there.
  func deviceNames(upTo position: Position) -> PostgresCall {
    let range = StreamName.deviceRange(of: user)
    return PostgresCall(
      """
      \(StreamWalk.names(from: "$2", before: "$3"))
      select n.stream, r.position
      from (select stream from names where stream is not null limit $4) n
      cross join lateral (
        select e.position from pushledger.events e
        where e.app = $1 and e.stream = n.stream and e.position <= $5
        order by e.app desc, e.stream desc, e.position desc limit 1) l
      left join lateral (
        select e.position from pushledger.events e
        where e.app = $1 and e.stream = n.stream and e.position <= $5
          and e.type = 'device.registered'
          and e.position <> all ((select pushledger.skipped_events($1))::bigint[])
        order by e.position desc limit 1) r on true
      order by l.position desc
      """, [app.rawValue, range.first, range.end, Self.namesThen, position])
  }

  // MARK: Tokens

  private static let tokenColumns =
    "t.device_id, t.place::bigint, t.provider, t.token_sha256, t.app_version, t.since_position, "
    + "t.since_at, t.until_at, t.ended_by, t.ended_reason"

  /// The last registrations of tokens. How each ended is looked up for these alone.
  var tokensNow: PostgresCall {
    PostgresCall(
      """
      select \(Self.tokenColumns), p.has_more from (
        select array_agg(e.position order by e.position desc) as positions, count(*) > $3 as has_more
        from (
          select e.position from pushledger.events e
          where e.app = $1 and e.data ->> 'user' = $2 and e.type = 'device.registered'
          order by e.position desc limit $3 + 1) e) p
      cross join lateral unnest(p.positions[1:$3::int]) as n (position)
      join pushledger.tokens t on t.app = $1 and t.since_position = n.position
      order by t.since_position desc, t.place
      """, [app.rawValue, user.rawValue, Self.registrations])
  }

  /// Those of registrations that pushes went by at a position.
  func tokens(_ registrations: [Position], at position: Position) -> PostgresCall {
    var values: PostgresParameters = [app.rawValue]
    values.add(array: registrations)
    values.add(position)
    return PostgresCall(
      """
      select \(Self.tokenColumns), false from unnest($2::bigint[]) as n (position)
      join pushledger.tokens t on t.app = $1 and t.since_position = n.position
      where coalesce(t.until_position > $3, true)
      order by t.since_position desc, t.place
      """, values)
  }

  // MARK: Unread

  func unread(at position: Position?) -> PostgresCall {
    var values: PostgresParameters = [app.rawValue, user.rawValue, Int64(Self.conversations)]
    if let position { values.add(position) }
    let source =
      position == nil
      ? "pushledger.unread u where u.app = $1 and u.user_id = $2"
      : "pushledger.unread_at($1, $2, $4) u"
    return PostgresCall(
      """
      select u.group_id, u.peer, u.unread, u.receive, u.read_position, count(*) over (),
        coalesce(sum(u.unread) over (), 0)::bigint
      from \(source)
      order by u.unread desc, u.conversation limit $3
      """, values)
  }

  // MARK: Deliveries and badges

  /// - Parameter position: Of then: what was decided, and tried, up to there.
  func deliveries(at position: Position?) -> PostgresCall {
    var values: PostgresParameters = [app.rawValue, user.rawValue, Int64(Self.deliveries) + 1]
    values.add(position ?? .max)
    return PostgresCall(
      """
      select d.message_id, d.position, d.device_id, d.provider, d.status, d.reason, d.badge,
        \(position == nil ? "d.attempts::bigint, null::text" : "a.attempts, a.outcome"),
        d.decided_at, d.delivered_at is not null, d.opened_at is not null,
        d.not_shown_at is not null
      from (
        select * from pushledger.deliveries d
        where d.app = $1 and d.user_id = $2 and d.position <= $4
        order by d.position desc limit $3) d
      \(position == nil ? "" : Self.attemptsThen)
      order by d.position desc, d.device_id
      """, values)
  }

  private static let attemptsThen = """
    cross join lateral (
      select count(*) as attempts,
        (array_agg(a.outcome order by a.attempt desc, a.position desc))[1] as outcome
      from pushledger.attempts a
      where a.app = $1 and a.delivery_id = d.delivery_id and a.position <= $4) a
    """

  /// The numbers that icons took: those that pushes carry, and those that apps reported.
  func badges(upTo position: Position?) -> PostgresCall {
    let range = StreamName.deviceRange(of: user)
    var values: PostgresParameters = [app.rawValue, user.rawValue, range.first, range.end]
    values.add(position ?? .max)
    values.add(Self.moments)
    values.add(Self.momentsSeen)
    values.add(Int64(Self.devices))
    return PostgresCall(
      """
      \(StreamWalk.names(from: "$3", before: "$4"))
      select m.device, m.position, m.badge, m.at from (
        (select d.device_id as device, d.position, d.badge, d.decided_at as at from (
            select d.device_id, d.position, d.badge, d.decided_at from pushledger.deliveries d
            where d.app = $1 and d.user_id = $2 and d.position <= $5
            order by d.position desc limit $7) d
          where d.badge is not null and d.device_id is not null)
        union all
        (select e.data ->> 'device', e.position,
            coalesce((e.data #>> '{unread,c2c}')::numeric::bigint, 0)
              + coalesce((e.data #>> '{unread,group}')::numeric::bigint, 0), e.recorded_at
          from (select stream from names where stream is not null limit $8) n
          cross join lateral (
            select * from pushledger.events e
            where e.app = $1 and e.stream = n.stream and e.position <= $5
            order by e.app desc, e.stream desc, e.position desc limit $7 / $8) e
          where e.type = 'device.backgrounded')) m
      order by m.position desc limit $6
      """, values)
  }
}
