/// A numbered migration: how tables come to be and change, in `sql/migrations`.
public struct Migration: Sendable {
  /// Place in the order of application, from 1.
  public let number: Int
  /// The file's name, which begins with the number in four digits.
  public let name: String
  public let sql: String
}

/// A function, view or grant: can be installed again at any time.
public struct SQLFile: Sendable {
  /// The file's name. A view's file is named after the view.
  public let name: String
  public let sql: String

  init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.sql = String(decoding: bytes, as: UTF8.self)
  }
}

/// The SQL that the executable carries. A test fails when a file of `sql/` is not listed.
public enum SQLFiles {
  /// In the order in which they are applied. An applied one is never changed: add another.
  public static let migrations: [Migration] = numbered([
    SQLFile("0001_ledger.sql", PackageResources._001_ledger_sql),
    SQLFile("0002_notifications.sql", PackageResources._002_notifications_sql),
    SQLFile("0003_dispatch.sql", PackageResources._003_dispatch_sql),
    SQLFile("0004_tencent.sql", PackageResources._004_tencent_sql),
    SQLFile("0005_reactions.sql", PackageResources._005_reactions_sql),
    SQLFile("0006_streams.sql", PackageResources._006_streams_sql),
    SQLFile("0007_receipts.sql", PackageResources._007_receipts_sql),
  ])

  /// Installed after the migrations, before the views.
  public static let functions: [SQLFile] = [
    SQLFile("analyze_young.sql", PackageResources.analyze_young_sql),
    SQLFile("append.sql", PackageResources.append_sql),
    SQLFile("append_batch.sql", PackageResources.append_batch_sql),
    SQLFile("apps_due.sql", PackageResources.apps_due_sql),
    SQLFile("canonical_json.sql", PackageResources.canonical_json_sql),
    SQLFile("check_field.sql", PackageResources.check_field_sql),
    SQLFile("close_streams.sql", PackageResources.close_streams_sql),
    SQLFile("complete_event.sql", PackageResources.complete_event_sql),
    SQLFile("complete_fallbacks.sql", PackageResources.complete_fallbacks_sql),
    SQLFile("complete_way.sql", PackageResources.complete_way_sql),
    SQLFile("create_app.sql", PackageResources.create_app_sql),
    SQLFile("delivery_rate.sql", PackageResources.delivery_rate_sql),
    SQLFile("event_rules.sql", PackageResources.event_rules_sql),
    SQLFile("event_stream.sql", PackageResources.event_stream_sql),
    SQLFile("hand_out.sql", PackageResources.hand_out_sql),
    SQLFile("hand_out_streams.sql", PackageResources.hand_out_streams_sql),
    SQLFile("is_told_on_stream.sql", PackageResources.is_told_on_stream_sql),
    SQLFile("list_due.sql", PackageResources.list_due_sql),
    SQLFile("list_expired.sql", PackageResources.list_expired_sql),
    SQLFile("list_sent.sql", PackageResources.list_sent_sql),
    SQLFile("list_unanswered.sql", PackageResources.list_unanswered_sql),
    SQLFile("message_facts.sql", PackageResources.message_facts_sql),
    SQLFile("open_stream.sql", PackageResources.open_stream_sql),
    SQLFile("position_at.sql", PackageResources.position_at_sql),
    SQLFile("pushledger_append.sql", PackageResources.pushledger_append_sql),
    SQLFile("read_moment.sql", PackageResources.read_moment_sql),
    SQLFile("record.sql", PackageResources.record_sql),
    SQLFile("record_sent.sql", PackageResources.record_sent_sql),
    SQLFile("refuse_event.sql", PackageResources.refuse_event_sql),
    SQLFile("refuse_field.sql", PackageResources.refuse_field_sql),
    SQLFile("release_lanes.sql", PackageResources.release_lanes_sql),
    SQLFile("renew_lanes.sql", PackageResources.renew_lanes_sql),
    SQLFile("report.sql", PackageResources.report_sql),
    SQLFile("store_events.sql", PackageResources.store_events_sql),
    SQLFile("take_lanes.sql", PackageResources.take_lanes_sql),
    SQLFile("timeline.sql", PackageResources.timeline_sql),
  ]

  /// Installed in this order: one that reads another comes after it.
  public static let views: [SQLFile] = [
    SQLFile("events.sql", PackageResources.events_sql),
    SQLFile("fallbacks.sql", PackageResources.fallbacks_sql),
    SQLFile("messages.sql", PackageResources.messages_sql),
    SQLFile("deliveries.sql", PackageResources.deliveries_sql),
    SQLFile("suppressed_counts.sql", PackageResources.suppressed_counts_sql),
    SQLFile("attempts.sql", PackageResources.attempts_sql),
    SQLFile("devices.sql", PackageResources.devices_sql),
    SQLFile("unread.sql", PackageResources.unread_sql),
    SQLFile("projection_status.sql", PackageResources.projection_status_sql),
    SQLFile("in_flight.sql", PackageResources.in_flight_sql),
    SQLFile("due_routes.sql", PackageResources.due_routes_sql),
    SQLFile("dispatch_status.sql", PackageResources.dispatch_status_sql),
    SQLFile("circuits.sql", PackageResources.circuits_sql),
    SQLFile("refused_credentials.sql", PackageResources.refused_credentials_sql),
    SQLFile("groups.sql", PackageResources.groups_sql),
    SQLFile("memberships.sql", PackageResources.memberships_sql),
    SQLFile("users.sql", PackageResources.users_sql),
    SQLFile("webhooks.sql", PackageResources.webhooks_sql),
    SQLFile("broadcasts.sql", PackageResources.broadcasts_sql),
  ]

  /// The roles that grants/roles.sql makes sure of.
  public static let roles = [
    "pushledger_writer", "pushledger_projector", "pushledger_dispatcher", "pushledger_reactor",
    "pushledger_reader",
  ]

  /// Installed last. The roles come first.
  public static let grants: [SQLFile] = [
    SQLFile("roles.sql", PackageResources.roles_sql),
    SQLFile("ledger.sql", PackageResources.ledger_sql),
    SQLFile("notifications.sql", PackageResources.notifications_sql),
    SQLFile("dispatch.sql", PackageResources.dispatch_sql),
    SQLFile("reactions.sql", PackageResources.reactions_sql),
  ]

  private static func numbered(_ files: [SQLFile]) -> [Migration] {
    files.map { Migration(number: Int($0.name.prefix(4)) ?? 0, name: $0.name, sql: $0.sql) }
  }
}
