import PushCore

@testable import Ledger

/// What somebody may do to a ledger of three commits (positions 1 to 3, 4, and 5 to 6) behind its
/// back, and what a verification must say of it. In the SQL, `$app` says which ledger is meant.
struct Tampering: Sendable {
  enum Part: String, CaseIterable, Sendable { case fields, content, time, positions, commits, head }

  var part: Part
  var kind: LedgerFlaw.Kind
  var position: Position
  var sql: String

  init(_ part: Part, _ kind: LedgerFlaw.Kind, at position: Position, _ sql: String) {
    self.part = part
    self.kind = kind
    self.position = position
    self.sql = sql
  }

  static let all = fields + content + time + positions + commits + head

  private static let fields =
    [
      "data = data || '{\"by\": \"eve\"}'", "data = data || '{\"x\": null}'", "data = '{}'",
      "type = 'message.sent'", "stream = 'message/4'", "event_id = gen_random_uuid()",
      "schema = 2", "occurred_at = occurred_at + interval '1 microsecond'",
      "digest = sha256('x')",
    ].flatMap { change in
      [Position(1), 3, 6].map { position in
        Tampering(
          .fields, .digest, at: position,
          "update ledger.events set \(change) where $app and position = \(position)")
      }
    } + [
      Tampering(
        .fields, .digest, at: 1,
        """
        update ledger.events e set data = o.data from ledger.events o
        where e.$app and o.app = e.app and e.position in (1, 3) and o.position = 4 - e.position
        """)
    ]

  private static let content = [
    Tampering(
      .content, .vanished, at: 5,
      "update ledger.events set content = null where $app and position = 5"),
    Tampering(
      .content, .vanished, at: 2, "update ledger.events set content = null where $app"),
    Tampering(
      .content, .content, at: 5,
      "update ledger.events set content = '{\"elements\": []}' where $app and position = 5"),
    Tampering(
      .content, .content, at: 2,
      // The same JSON with a space more: content is kept as it was written.
      """
      update ledger.events set content = (content::text || ' ')::json where $app and position = 2
      """),
    Tampering(
      .content, .content, at: 3,
      "update ledger.events set content = '{\"x\": 1}' where $app and position = 3"),
    Tampering(
      .content, .digest, at: 3,
      """
      update ledger.events set content = '{"x": 1}', content_sha256 = sha256('{"x": 1}')
      where $app and position = 3
      """),
    Tampering(
      .content, .digest, at: 5,
      """
      update ledger.events set content = '{"x": 1}', content_sha256 = sha256('{"x": 1}')
      where $app and position = 5
      """),
    Tampering(
      .content, .digest, at: 5,
      """
      update ledger.events set content = null, content_sha256 = null where $app and position = 5
      """),
    Tampering(
      .content, .digest, at: 2,
      """
      update ledger.events set content = null, content_sha256 = sha256('x')
      where $app and position = 2
      """),
  ]

  private static let time = [
    Tampering(
      .time, .time, at: 3,
      """
      update ledger.events set recorded_at = recorded_at + interval '1 microsecond'
      where $app and position = 3
      """),
    Tampering(
      .time, .time, at: 5,
      """
      update ledger.commits set recorded_at = recorded_at - interval '1 microsecond'
      where $app and commit_number = 3
      """),
    Tampering(
      .time, .chain, at: 5,
      """
      update ledger.commits set recorded_at = recorded_at + interval '1 second'
        where $app and commit_number = 3;
      update ledger.events set recorded_at = recorded_at + interval '1 second'
        where $app and position >= 5
      """),
    Tampering(
      .time, .time, at: 4,
      """
      update ledger.commits set recorded_at = recorded_at - interval '1 day'
        where $app and commit_number = 2;
      update ledger.events set recorded_at = recorded_at - interval '1 day'
        where $app and position = 4
      """),
  ]

  private static let positions =
    (1...6).map { position in
      Tampering(
        .positions, .gap, at: position,
        "delete from ledger.events where $app and position = \(position)")
    } + [
      Tampering(
        .positions, .gap, at: 1, "delete from ledger.events where $app"),
      Tampering(.positions, .gap, at: 7, insert(at: 7)),
      Tampering(.positions, .gap, at: 7, insert(at: 100)),
      Tampering(.positions, .gap, at: 1, insert(at: 0)),
      Tampering(.positions, .gap, at: 1, insert(at: -1)),
      Tampering(
        .positions, .gap, at: 6,
        "update ledger.events set position = 7 where $app and position = 6"),
      Tampering(
        .positions, .digest, at: 2,
        """
        update ledger.events set position = position + 10 where $app and position in (2, 3);
        update ledger.events set position = 15 - position where $app and position > 10
        """),
    ]

  private static let commits = [
    Tampering(
      .commits, .gap, at: 1, "delete from ledger.commits where $app and commit_number = 1"),
    Tampering(
      .commits, .gap, at: 4, "delete from ledger.commits where $app and commit_number = 2"),
    Tampering(
      .commits, .gap, at: 5, "delete from ledger.commits where $app and commit_number = 3"),
    Tampering(.commits, .gap, at: 1, "delete from ledger.commits where $app"),
    Tampering(
      .commits, .chain, at: 1,
      "update ledger.commits set chain = sha256('x') where $app and commit_number = 1"),
    Tampering(
      .commits, .chain, at: 5,
      """
      update ledger.commits set chain = sha256('x') where $app and commit_number = 3;
      update ledger.heads set chain = sha256('x') where $app
      """),
    Tampering(
      .commits, .time, at: 4,
      "update ledger.commits set last_position = 4 where $app and commit_number = 1"),
    Tampering(
      .commits, .time, at: 4,
      """
      update ledger.commits set first_position = 4 where $app and commit_number = 3;
      delete from ledger.commits where $app and commit_number = 2;
      update ledger.commits set commit_number = 2 where $app and commit_number = 3
      """),
    Tampering(
      .commits, .chain, at: 4,
      // An event and its digest that fit each other do not fit the chain.
      """
      update ledger.events set data = '{"by": "eve"}', digest = sha256(int8send(position)
        || uuid_send(event_id) || int2send(schema) || timestamptz_send(occurred_at)
        || decode(repeat('00', 32), 'hex')
        || convert_to(type || E'\\n' || stream || E'\\n' || '{"by": "eve"}', 'UTF8'))
      where $app and position = 4
      """),
    Tampering(
      .commits, .gap, at: 7,
      """
      insert into ledger.commits
      select app, 4, 7, 7, recorded_at, chain from ledger.commits where $app and commit_number = 3
      """),
  ]

  private static let head = [
    "position = position + 1", "position = position - 1", "position = 0",
    "commit_number = commit_number + 1", "chain = sha256('x')",
  ].map { change in
    Tampering(.head, .head, at: 6, "update ledger.heads set \(change) where $app")
  }

  private static func insert(at position: Position) -> String {
    """
    insert into ledger.events select app, \(position), gen_random_uuid(), type, schema, stream,
      occurred_at, recorded_at, data, content, content_sha256, digest
    from ledger.events where $app and position = 1
    """
  }
}
