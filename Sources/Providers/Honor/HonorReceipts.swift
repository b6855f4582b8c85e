internal import PushCore

/// What the statuses in Honor's receipts mean: other numbers than Huawei's, all seen at others'
/// gateways or in third-hand tables.
enum HonorReceipts {
  static func read(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try StatusReceipts.read(call, of: "Honor", kind: kind)
  }

  static func kind(of status: Int64) -> ProviderReceipt.Kind {
    switch status {
    case 40_000_002: .delivered  // The notification arrived.
    case 40_000_001: .delivered  // A message for the app arrived. Unverified.
    case 3: .tokenInvalid  // The app is gone. Unverified.
    case 4: .tokenInvalid  // The token is unknown. Unverified.
    case 5: .notShown  // Notifications are switched off. Unverified.
    case 6: .notShown  // The app is disabled. Unverified.
    case 9: .notShown  // Twice, or more than the day has. Unverified.
    case 13: .notShown  // Held back while the screen is off. Unverified.
    case 14: .notShown  // Another user. Unverified.
    case 15: .notShown  // Could not be shown. Unverified.
    default: .notShown
    }
  }
}
