import PushCore

@testable import Ledger

/// What somebody may do to the ledger of ``DetachRig``, and what a verification says of it by
/// itself and with the archive. In the SQL, `$app` says which ledger is meant.
struct DetachedTampering: Sendable {
  struct Place: Sendable {
    var kind: LedgerFlaw.Kind
    var position: Position

    init(_ kind: LedgerFlaw.Kind, at position: Position) {
      (self.kind, self.position) = (kind, position)
    }

    func flaw(of app: AppID) -> LedgerFlaw { LedgerFlaw(kind: kind, app: app, position: position) }
  }

  var sql: String
  /// Nil: only the archive tells.
  var alone: Place?
  var held: Place

  private init(_ sql: String, alone: Place?, held: Place) {
    (self.sql, self.alone, self.held) = (sql, alone, held)
  }

  private init(_ sql: String, _ place: Place) { self.init(sql, alone: place, held: place) }

  static let all = events + commits + archive

  private static let events = [
    DetachedTampering(
      "update ledger.events set data = '{}' where $app and position = 1", Place(.digest, at: 1)),
    DetachedTampering(
      "update ledger.events set digest = sha256('x') where $app and position = 7",
      Place(.digest, at: 7)),
    // With a digest that fits: where the commit is whole its hash tells.
    DetachedTampering(forge(4), Place(.chain, at: 4)),
    DetachedTampering(forge(9), Place(.chain, at: 9)),
    DetachedTampering(forge(1), alone: nil, held: Place(.archive, at: 1)),
    DetachedTampering(forge(7), alone: nil, held: Place(.archive, at: 7)),
    DetachedTampering(
      """
      update ledger.events set recorded_at = recorded_at + interval '1 microsecond'
      where $app and position = 3
      """, Place(.time, at: 3)),
    // A state event is never detached.
    DetachedTampering(
      "delete from ledger.events where $app and position = 3", alone: nil, held: Place(.gap, at: 3)),
    DetachedTampering(
      "delete from ledger.events where $app and position = 4", alone: nil, held: Place(.gap, at: 4)),
    DetachedTampering(
      "delete from ledger.events where $app and position = 9", Place(.gap, at: 9)),
    DetachedTampering(
      "delete from ledger.events where $app and position = 10", Place(.gap, at: 10)),
    DetachedTampering(
      """
      insert into ledger.events select app, 2, gen_random_uuid(), type, schema, stream,
        occurred_at, recorded_at, data, content, content_sha256, digest
      from ledger.events where $app and position = 1
      """, Place(.digest, at: 2)),
  ]

  private static let commits = [
    DetachedTampering(chain(1), alone: Place(.chain, at: 4), held: Place(.archive, at: 1)),
    DetachedTampering(chain(2), Place(.chain, at: 4)),
    DetachedTampering(chain(3), alone: nil, held: Place(.archive, at: 5)),
    DetachedTampering(chain(4), Place(.chain, at: 7)),
    DetachedTampering(
      """
      update ledger.commits set recorded_at = recorded_at - interval '1 day'
        where $app and commit_number = 1;
      update ledger.events set recorded_at = recorded_at - interval '1 day'
        where $app and position <= 3
      """, alone: nil, held: Place(.archive, at: 1)),
    DetachedTampering(
      "delete from ledger.commits where $app and commit_number = 3", Place(.gap, at: 5)),
    DetachedTampering(
      "delete from ledger.commits where $app and commit_number = 4", Place(.gap, at: 2)),
  ]

  private static let archive = [
    DetachedTampering(
      "update ledger.archives set chain = sha256('x') where $app", Place(.chain, at: 7)),
    DetachedTampering(
      "update ledger.archives set position = 7, swept_position = 7 where $app",
      Place(.chain, at: 7)),
    DetachedTampering(
      "update ledger.archives set commit_number = 3 where $app", Place(.chain, at: 5)),
    DetachedTampering(
      "update ledger.archives set commit_number = 5 where $app", Place(.chain, at: 9)),
    DetachedTampering("delete from ledger.archives where $app", Place(.gap, at: 2)),
  ]

  private static func chain(_ commit: Int) -> String {
    "update ledger.commits set chain = sha256('x') where $app and commit_number = \(commit)"
  }

  /// Changes an event and its digest, so that the two fit.
  private static func forge(_ position: Position) -> String {
    """
    update ledger.events set data = '{"by": "eve"}', digest = sha256(int8send(position)
      || uuid_send(event_id) || int2send(schema) || timestamptz_send(occurred_at)
      || decode(repeat('00', 32), 'hex')
      || convert_to(type || E'\\n' || stream || E'\\n' || '{"by": "eve"}', 'UTF8'))
    where $app and position = \(position)
    """
  }
}
