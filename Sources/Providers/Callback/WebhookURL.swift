internal import Foundation

/// The address of a device's webhook.
struct WebhookURL: Sendable {
  let text: String
  let host: String

  /// - Returns: Nil for what is no https URL, or names a user.
  init?(_ text: String) {
    guard let url = URL(string: text), url.scheme == "https", url.user == nil,
      let host = url.host, !host.isEmpty
    else { return nil }
    self.text = text
    self.host = host
  }
}
