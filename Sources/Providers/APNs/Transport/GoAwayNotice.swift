internal import PushCore

/// What a GOAWAY frame said. Its debug data is JSON with a reason, other text, or nothing.
struct GoAwayNotice: Equatable {
  /// Streams above it were not processed.
  var lastStreamID: Int
  /// Apple's reason, else the text (cut), else the HTTP/2 error code.
  var reason: String
  /// Whether every connection will be sent away until the credential is mended.
  var blamesCredential: Bool

  /// Debug text that is no JSON is kept up to so many bytes.
  static let textBytes = 100

  init(lastStreamID: Int, errorCode: UInt32, debugData: [UInt8]) {
    self.lastStreamID = lastStreamID
    if let reason = (try? JSON.parse(debugData))?["reason"]?.string {
      self.reason = String(decoding: reason.utf8.prefix(Self.textBytes), as: UTF8.self)
    } else if !debugData.isEmpty, debugData.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
      self.reason = String(decoding: debugData.prefix(Self.textBytes), as: UTF8.self)
    } else {
      self.reason = "http2_error_\(errorCode)"
    }
    blamesCredential = APNsReason(rawValue: reason)?.blamesCredential ?? false
  }
}
