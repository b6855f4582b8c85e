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
    Template("glyph-bad", PackageResources.glyph_bad_mustache),
    Template("glyph-of-tone", PackageResources.glyph_of_tone_mustache),
    Template("glyphs", PackageResources.glyphs_mustache),
    Template("id", PackageResources.id_mustache),
    Template("layout", PackageResources.layout_mustache),
    Template("live-mark", PackageResources.live_mark_mustache),
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
    Template("sign-in", PackageResources.sign_in_mustache),
    Template("status", PackageResources.status_mustache),
    Template("test-push", PackageResources.test_push_mustache),
    Template("time", PackageResources.time_mustache),
  ]
}
