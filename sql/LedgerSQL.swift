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
    SQLFile("0008_statistics.sql", PackageResources._008_statistics_sql),
    SQLFile("0009_history.sql", PackageResources._009_history_sql),
    SQLFile("0010_projections.sql", PackageResources._010_projections_sql),
    SQLFile("0011_own_projections.sql", PackageResources._011_own_projections_sql),
    SQLFile("0012_archives.sql", PackageResources._012_archives_sql),
    SQLFile("0013_console.sql", PackageResources._013_console_sql),
  ])

  /// Installed after the migrations, before the views.
  public static let functions: [SQLFile] = [
    SQLFile("add_projection.sql", PackageResources.add_projection_sql),
    SQLFile("analyze_young.sql", PackageResources.analyze_young_sql),
    SQLFile("append.sql", PackageResources.append_sql),
    SQLFile("append_batch.sql", PackageResources.append_batch_sql),
    SQLFile("append_unchecked.sql", PackageResources.append_unchecked_sql),
    SQLFile("apps_due.sql", PackageResources.apps_due_sql),
    SQLFile("begin_detaching.sql", PackageResources.begin_detaching_sql),
    SQLFile("begin_rebuild.sql", PackageResources.begin_rebuild_sql),
    SQLFile("begin_snapshot.sql", PackageResources.begin_snapshot_sql),
    SQLFile("canonical_json.sql", PackageResources.canonical_json_sql),
    SQLFile("check_erasures.sql", PackageResources.check_erasures_sql),
    SQLFile("check_field.sql", PackageResources.check_field_sql),
    SQLFile("check_projection.sql", PackageResources.check_projection_sql),
    SQLFile("check_steps.sql", PackageResources.check_steps_sql),
    SQLFile("close_session.sql", PackageResources.close_session_sql),
    SQLFile("close_streams.sql", PackageResources.close_streams_sql),
    SQLFile("complete_event.sql", PackageResources.complete_event_sql),
    SQLFile("complete_fallbacks.sql", PackageResources.complete_fallbacks_sql),
    SQLFile("complete_rebuild.sql", PackageResources.complete_rebuild_sql),
    SQLFile("complete_way.sql", PackageResources.complete_way_sql),
    SQLFile("conversation_name.sql", PackageResources.conversation_name_sql),
    SQLFile("copy_indexes.sql", PackageResources.copy_indexes_sql),
    SQLFile("copy_rights.sql", PackageResources.copy_rights_sql),
    SQLFile("copy_tables.sql", PackageResources.copy_tables_sql),
    SQLFile("create_app.sql", PackageResources.create_app_sql),
    SQLFile("delivery_rate.sql", PackageResources.delivery_rate_sql),
    SQLFile("detach.sql", PackageResources.detach_sql),
    SQLFile("device_at.sql", PackageResources.device_at_sql),
    SQLFile("drop_rebuild.sql", PackageResources.drop_rebuild_sql),
    SQLFile("drop_served.sql", PackageResources.drop_served_sql),
    SQLFile("due_now.sql", PackageResources.due_now_sql),
    SQLFile("end_archive.sql", PackageResources.end_archive_sql),
    SQLFile("erasable.sql", PackageResources.erasable_sql),
    SQLFile("erase.sql", PackageResources.erase_sql),
    SQLFile("erase_content.sql", PackageResources.erase_content_sql),
    SQLFile("erase_projected.sql", PackageResources.erase_projected_sql),
    SQLFile("event_rules.sql", PackageResources.event_rules_sql),
    SQLFile("event_stream.sql", PackageResources.event_stream_sql),
    SQLFile("fold_projection.sql", PackageResources.fold_projection_sql),
    SQLFile("funnel.sql", PackageResources.funnel_sql),
    SQLFile("hand_out.sql", PackageResources.hand_out_sql),
    SQLFile("hand_out_streams.sql", PackageResources.hand_out_streams_sql),
    SQLFile("hand_over_checkpoints.sql", PackageResources.hand_over_checkpoints_sql),
    SQLFile("has_runner.sql", PackageResources.has_runner_sql),
    SQLFile("hour_of.sql", PackageResources.hour_of_sql),
    SQLFile("index_rebuild.sql", PackageResources.index_rebuild_sql),
    SQLFile("is_detachable.sql", PackageResources.is_detachable_sql),
    SQLFile("is_told_on_stream.sql", PackageResources.is_told_on_stream_sql),
    SQLFile("latency.sql", PackageResources.latency_sql),
    SQLFile("latency_bounds.sql", PackageResources.latency_bounds_sql),
    SQLFile("latency_bucket.sql", PackageResources.latency_bucket_sql),
    SQLFile("lay_tables.sql", PackageResources.lay_tables_sql),
    SQLFile("list_due.sql", PackageResources.list_due_sql),
    SQLFile("list_expired.sql", PackageResources.list_expired_sql),
    SQLFile("list_sent.sql", PackageResources.list_sent_sql),
    SQLFile("list_unanswered.sql", PackageResources.list_unanswered_sql),
    SQLFile("make_runner.sql", PackageResources.make_runner_sql),
    SQLFile("mend_due.sql", PackageResources.mend_due_sql),
    SQLFile("mend_due_further.sql", PackageResources.mend_due_further_sql),
    SQLFile("message_facts.sql", PackageResources.message_facts_sql),
    SQLFile("noisy_tokens.sql", PackageResources.noisy_tokens_sql),
    SQLFile("open_session.sql", PackageResources.open_session_sql),
    SQLFile("open_stream.sql", PackageResources.open_stream_sql),
    SQLFile("plan_archive.sql", PackageResources.plan_archive_sql),
    SQLFile("position_at.sql", PackageResources.position_at_sql),
    SQLFile("pushledger_append.sql", PackageResources.pushledger_append_sql),
    SQLFile("read_moment.sql", PackageResources.read_moment_sql),
    SQLFile("rebuilt_schema.sql", PackageResources.rebuilt_schema_sql),
    SQLFile("record.sql", PackageResources.record_sql),
    SQLFile("record_sent.sql", PackageResources.record_sent_sql),
    SQLFile("refuse_event.sql", PackageResources.refuse_event_sql),
    SQLFile("refuse_field.sql", PackageResources.refuse_field_sql),
    SQLFile("release_lanes.sql", PackageResources.release_lanes_sql),
    SQLFile("renew_lanes.sql", PackageResources.renew_lanes_sql),
    SQLFile("remove_projection.sql", PackageResources.remove_projection_sql),
    SQLFile("report.sql", PackageResources.report_sql),
    SQLFile("require_whole.sql", PackageResources.require_whole_sql),
    SQLFile("runner_body.sql", PackageResources.runner_body_sql),
    SQLFile("restore_commit.sql", PackageResources.restore_commit_sql),
    SQLFile("restore_detached.sql", PackageResources.restore_detached_sql),
    SQLFile("skipped_events.sql", PackageResources.skipped_events_sql),
    SQLFile("snapshot_badge.sql", PackageResources.snapshot_badge_sql),
    SQLFile("store_events.sql", PackageResources.store_events_sql),
    SQLFile("route_lacks.sql", PackageResources.route_lacks_sql),
    SQLFile("status_rank.sql", PackageResources.status_rank_sql),
    SQLFile("subscribe.sql", PackageResources.subscribe_sql),
    SQLFile("swap_projection.sql", PackageResources.swap_projection_sql),
    SQLFile("swap_rebuild.sql", PackageResources.swap_rebuild_sql),
    SQLFile("take_content.sql", PackageResources.take_content_sql),
    SQLFile("take_lanes.sql", PackageResources.take_lanes_sql),
    SQLFile("timeline.sql", PackageResources.timeline_sql),
    SQLFile("token_end.sql", PackageResources.token_end_sql),
    SQLFile("unread_count.sql", PackageResources.unread_count_sql),
    SQLFile("unread_at.sql", PackageResources.unread_at_sql),
    SQLFile("void_registrations.sql", PackageResources.void_registrations_sql),
    SQLFile("why_suppressed.sql", PackageResources.why_suppressed_sql),
  ]

  /// Installed in this order: one that reads another comes after it.
  public static let views: [SQLFile] = [
    SQLFile("events.sql", PackageResources.events_sql),
    SQLFile("archives.sql", PackageResources.archives_sql),
    SQLFile("commits.sql", PackageResources.commits_sql),
    SQLFile("fallbacks.sql", PackageResources.fallbacks_sql),
    SQLFile("messages.sql", PackageResources.messages_sql),
    SQLFile("deliveries.sql", PackageResources.deliveries_sql),
    SQLFile("suppressed_counts.sql", PackageResources.suppressed_counts_sql),
    SQLFile("suppression_rules.sql", PackageResources.suppression_rules_sql),
    SQLFile("attempts.sql", PackageResources.attempts_sql),
    SQLFile("devices.sql", PackageResources.devices_sql),
    SQLFile("tokens.sql", PackageResources.tokens_sql),
    SQLFile("unread.sql", PackageResources.unread_sql),
    SQLFile("standings.sql", PackageResources.standings_sql),
    SQLFile("conversations.sql", PackageResources.conversations_sql),
    SQLFile("hourly_messages.sql", PackageResources.hourly_messages_sql),
    SQLFile("hourly_deliveries.sql", PackageResources.hourly_deliveries_sql),
    SQLFile("hourly_attempts.sql", PackageResources.hourly_attempts_sql),
    SQLFile("hourly_latencies.sql", PackageResources.hourly_latencies_sql),
    SQLFile("checkpoints.sql", PackageResources.checkpoints_sql),
    SQLFile("projection_status.sql", PackageResources.projection_status_sql),
    SQLFile("in_flight.sql", PackageResources.in_flight_sql),
    SQLFile("due_routes.sql", PackageResources.due_routes_sql),
    SQLFile("pauses.sql", PackageResources.pauses_sql),
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
    SQLFile("history.sql", PackageResources.history_sql),
    SQLFile("dispatch.sql", PackageResources.dispatch_sql),
    SQLFile("reactions.sql", PackageResources.reactions_sql),
  ]

  /// Questions that people ask of the ledger, for `pushledger sql`. The first line of each is the
  /// question, the next ones name its variables.
  public static let queries: [SQLFile] = [
    SQLFile("busiest_conversations.sql", PackageResources.busiest_conversations_sql),
    SQLFile("called_off.sql", PackageResources.called_off_sql),
    SQLFile("dead_devices.sql", PackageResources.dead_devices_sql),
    SQLFile("dead_tokens_by_day.sql", PackageResources.dead_tokens_by_day_sql),
    SQLFile("device_history.sql", PackageResources.device_history_sql),
    SQLFile("device_then.sql", PackageResources.device_then_sql),
    SQLFile("expired_unsent.sql", PackageResources.expired_unsent_sql),
    SQLFile("failing_app_versions.sql", PackageResources.failing_app_versions_sql),
    SQLFile("funnel_of_pushes.sql", PackageResources.funnel_of_pushes_sql),
    SQLFile("group_delivery.sql", PackageResources.group_delivery_sql),
    SQLFile("group_fan_out.sql", PackageResources.group_fan_out_sql),
    SQLFile("holders_of_token.sql", PackageResources.holders_of_token_sql),
    SQLFile("kept_of_user.sql", PackageResources.kept_of_user_sql),
    SQLFile("kicked_devices.sql", PackageResources.kicked_devices_sql),
    SQLFile("latency_by_hour.sql", PackageResources.latency_by_hour_sql),
    SQLFile("message_of_push.sql", PackageResources.message_of_push_sql),
    SQLFile("message_outcomes.sql", PackageResources.message_outcomes_sql),
    SQLFile("missed_while_quiet.sql", PackageResources.missed_while_quiet_sql),
    SQLFile("missing_receipts.sql", PackageResources.missing_receipts_sql),
    SQLFile("most_unread.sql", PackageResources.most_unread_sql),
    SQLFile("moved_tokens.sql", PackageResources.moved_tokens_sql),
    SQLFile("noisy_devices.sql", PackageResources.noisy_devices_sql),
    SQLFile("not_shown.sql", PackageResources.not_shown_sql),
    SQLFile("oldest_waiting.sql", PackageResources.oldest_waiting_sql),
    SQLFile("one_message.sql", PackageResources.one_message_sql),
    SQLFile("opened_by_hour.sql", PackageResources.opened_by_hour_sql),
    SQLFile("projection_lag.sql", PackageResources.projection_lag_sql),
    SQLFile("pushed_twice.sql", PackageResources.pushed_twice_sql),
    SQLFile("rate_by_provider.sql", PackageResources.rate_by_provider_sql),
    SQLFile("recalled_too_late.sql", PackageResources.recalled_too_late_sql),
    SQLFile("refused_by_dispatchers.sql", PackageResources.refused_by_dispatchers_sql),
    SQLFile("refusing_reasons.sql", PackageResources.refusing_reasons_sql),
    SQLFile("retries_by_reason.sql", PackageResources.retries_by_reason_sql),
    SQLFile("sent_by_user.sql", PackageResources.sent_by_user_sql),
    SQLFile("slowest_pushes.sql", PackageResources.slowest_pushes_sql),
    SQLFile("suppressed_for_user.sql", PackageResources.suppressed_for_user_sql),
    SQLFile("suppressed_why.sql", PackageResources.suppressed_why_sql),
    SQLFile("tokens_of_user.sql", PackageResources.tokens_of_user_sql),
    SQLFile("unread_of_user.sql", PackageResources.unread_of_user_sql),
    SQLFile("unread_then.sql", PackageResources.unread_then_sql),
    SQLFile("users_without_device.sql", PackageResources.users_without_device_sql),
    SQLFile("what_waits.sql", PackageResources.what_waits_sql),
    SQLFile("why_no_ring.sql", PackageResources.why_no_ring_sql),
  ]

  private static func numbered(_ files: [SQLFile]) -> [Migration] {
    files.map { Migration(number: Int($0.name.prefix(4)) ?? 0, name: $0.name, sql: $0.sql) }
  }
}
