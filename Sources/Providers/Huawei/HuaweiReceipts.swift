internal import PushCore

/// What the statuses in Huawei's receipts mean. Source: Huawei, "Message Receipt", edition of 2025.
enum HuaweiReceipts {
  static func read(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try StatusReceipts.read(call, of: "Huawei", kind: kind)
  }

  static func kind(of status: Int64) -> ProviderReceipt.Kind {
    switch status {
    case 0: .delivered
    case 2: .tokenInvalid  // The app is gone.
    case 5: .tokenInvalid  // Not this user's: data cleared, installed anew, token deleted.
    case 6: .notShown  // Switched off, by app, channel or system.
    case 10: .notShown  // Offline for 30 days.
    case 14: .notShown  // A fault in Huawei's network.
    case 15: .notShown  // Replaced by a later one, or one of too many that wait.
    case 22: .notShown  // Another user.
    case 27: .notShown  // The app does not run.
    case 31: .notShown  // The app's version has no such page.
    case 51: .notShown  // Started and not yet unlocked.
    case 102: .notShown  // More than 3,000 a day for the app on the phone.
    case 144: .notShown  // The profile is unknown. Unverified.
    case 201: .notShown  // Held back: other user, switched off or uninstalled.
    case 256: .notShown  // The day's marketing messages. Unverified.
    default: .notShown
    }
  }
}
