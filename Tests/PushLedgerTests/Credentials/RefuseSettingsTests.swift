import TestSupport
import Testing

/// A setting is no secret: what is wrong with one is said with its value.
@Suite("Refuse settings", .enabled(if: TestDatabase.isAvailable))
struct RefuseSettings {
  private static let wrong: [(provider: String, settings: [String], says: [String])] = [
    ("vivo", ["app_id=abc", "app_key=k"], ["settings.app_id", "\"abc\"", "whole number"]),
    (
      "vivo", ["app_id=1", "app_key=k", "url=http://x"], ["settings.url", "\"http://x\"", "https"]
    ),
    (
      "vivo", ["app_id=1", "app_key=k", "test=yes"], ["settings.test", "\"yes\"", "true or false"]
    ),
    ("webpush", ["subject=foo"], ["settings.subject", "\"foo\"", "mailto:"]),
    ("callback", ["allow_private=yes"], ["settings.allow_private", "\"yes\"", "true or false"]),
    ("apns", ["team_id=short"], ["settings.team_id", "\"short\"", "10 of A-Z 0-9"]),
    ("fcm", ["project_id=a b"], ["settings.project_id", "\"a b\""]),
  ]

  @Test func showsTheValue() async throws {
    try await CommandRig.run { rig in
      let secret = try rig.write("secret.txt", "s3cret-0123456789")
      let before = try await rig.snapshot()
      for (provider, settings, says) in Self.wrong {
        let refused = try await rig.run(
          ["credentials", "add", "chat", "main", "--provider", provider, "--secret", secret]
            + settings.flatMap { ["--set", $0] })
        #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
        for text in says { #expect(refused.errors.contains(text), "\(text)? \(refused)") }
        #expect(!refused.errors.contains("s3cret"), "\(refused)")
      }
      #expect(try await rig.snapshot() == before)
    }
  }

  @Test func namesTheNameThatIsNone() async throws {
    try await CommandRig.run { rig in
      let secret = try rig.write("secret.txt", "s3cret-0123456789")
      let refused = try await rig.run(
        "credentials", "add", "chat", "x 1", "--provider", "callback", "--secret", secret)
      #expect(refused.status == FinishedCommand.wrongUsage, "\(refused)")
      for text in ["<id>", "\"x 1\"", "1 to 128 of 0-9 A-Z a-z . _ -"] {
        #expect(refused.errors.contains(text), "\(refused)")
      }
    }
  }
}
