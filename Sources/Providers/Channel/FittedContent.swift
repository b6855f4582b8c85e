internal import PushCore

/// Content that a provider's limit of bytes leaves room for.
enum FittedContent {
  /// - Parameters:
  ///   - limitBytes: Of what `bytes` counts.
  ///   - make: The content with a text.
  /// - Returns: The content with the whole text, else with as much of it as fits and `…` behind;
  ///   nil where even an empty text leaves too much.
  static func make(
    _ text: String, limitBytes: Int, bytes: (JSON) -> Int, _ make: (String) -> JSON
  ) -> JSON? {
    let whole = make(text)
    let excess = bytes(whole) - limitBytes
    guard excess > 0 else { return whole }
    let room =
      APNsPayload.escapedBytes(text) - excess - APNsPayload.escapedBytes(APNsPayload.ellipsis)
    guard room >= 0 else { return nil }
    return make(APNsPayload.prefix(of: text, escapedBytes: room) + APNsPayload.ellipsis)
  }
}
