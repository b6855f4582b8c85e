/// The templates that the executable carries. A test fails when a file of `Templates/` is not listed.
enum Templates {
  struct Template: Sendable {
    let name: String
    let text: String

    init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      text = String(decoding: bytes, as: UTF8.self)
    }
  }

  static let all = [
    Template("chart", PackageResources.chart_mustache),
    Template("csrf", PackageResources.csrf_mustache),
    Template("deliveries", PackageResources.deliveries_mustache),
    Template("deliveries-rows", PackageResources.deliveries_rows_mustache),
    Template("glyph-bad", PackageResources.glyph_bad_mustache),
    Template("glyph-of-tone", PackageResources.glyph_of_tone_mustache),
    Template("glyphs", PackageResources.glyphs_mustache),
    Template("group", PackageResources.group_mustache),
    Template("id", PackageResources.id_mustache),
    Template("layout", PackageResources.layout_mustache),
    Template("linked", PackageResources.linked_mustache),
    Template("live-mark", PackageResources.live_mark_mustache),
    Template("message", PackageResources.message_mustache),
    Template("message-counts", PackageResources.message_counts_mustache),
    Template("message-decisions", PackageResources.message_decisions_mustache),
    Template("message-lane", PackageResources.message_lane_mustache),
    Template("message-look", PackageResources.message_look_mustache),
    Template("message-rows", PackageResources.message_rows_mustache),
    Template("message-timeline", PackageResources.message_timeline_mustache),
    Template("operate", PackageResources.operate_mustache),
    Template("operate-ask", PackageResources.operate_ask_mustache),
    Template("operate-button", PackageResources.operate_button_mustache),
    Template("operate-deliveries", PackageResources.operate_deliveries_mustache),
    Template("operate-pauses", PackageResources.operate_pauses_mustache),
    Template("operate-projections", PackageResources.operate_projections_mustache),
    Template("operate-trail", PackageResources.operate_trail_mustache),
    Template("operate-work", PackageResources.operate_work_mustache),
    Template("overview", PackageResources.overview_mustache),
    Template("overview-now", PackageResources.overview_now_mustache),
    Template("overview-providers", PackageResources.overview_providers_mustache),
    Template("overview-reasons", PackageResources.overview_reasons_mustache),
    Template("overview-span", PackageResources.overview_span_mustache),
    Template("problem", PackageResources.problem_mustache),
    Template("search", PackageResources.search_mustache),
    Template("sign-in", PackageResources.sign_in_mustache),
    Template("status", PackageResources.status_mustache),
    Template("test-push", PackageResources.test_push_mustache),
    Template("time", PackageResources.time_mustache),
    Template("user", PackageResources.user_mustache),
    Template("user-badges", PackageResources.user_badges_mustache),
    Template("user-deliveries", PackageResources.user_deliveries_mustache),
    Template("user-devices", PackageResources.user_devices_mustache),
    Template("user-events", PackageResources.user_events_mustache),
    Template("user-tokens", PackageResources.user_tokens_mustache),
    Template("user-travel", PackageResources.user_travel_mustache),
    Template("user-unread", PackageResources.user_unread_mustache),
  ]
}
