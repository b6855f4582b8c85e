import PushCore
import TestSupport
import Testing

/// The tables in `Examples`: a message in, a notification out.
@Suite struct ShowWorkedExamples {
  private static let files = [
    ("one-to-one-apns", "apns"), ("group-apns", "apns"), ("fcm", "fcm"), ("huawei", "huawei"),
    ("honor", "honor"), ("xiaomi", "xiaomi"), ("oppo", "oppo"), ("vivo", "vivo"),
    ("meizu", "meizu"), ("webpush", "webpush"), ("callback", "callback"),
  ]

  @Test(arguments: files)
  func showsWhatTheTableSays(_ file: String, _ provider: String) throws {
    let rows = try WorkedExample.rows(of: file)
    #expect(rows.count >= 15)
    for row in rows {
      let provider = try #require(ProviderName(rawValue: provider))
      let shown = try Self.shown(try row.decided(for: provider), by: provider)
      #expect(shown == row.expected, "\(file): \(row.name)")
    }
  }

  private static func shown(
    _ decided: WorkedExample.Decided, by provider: ProviderName
  ) throws -> WorkedExample.Shown {
    switch decided {
    case .suppressed(let reason): return WorkedExample.Shown(text: "(suppressed \(reason))")
    case .pushed(let notification):
      // As the dispatcher reads it.
      var stored = try Notification(json: notification.json)
      stored.badge = notification.badge
      stored.sound = notification.sound
      return WorkedExample.Shown(stored.shown(by: provider))
    }
  }

  @Test func areTwoHundredOrMore() throws {
    let rows = try Self.files.flatMap { try WorkedExample.rows(of: $0.0) }
    #expect(rows.count >= 200)
  }
}
