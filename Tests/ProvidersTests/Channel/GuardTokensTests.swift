import PushCore
import Testing

@testable import Providers

@Suite struct GuardTokens {
  private let dead = Verdict(.tokenDead, status: 200, reason: "80300007")
  private let alive = Verdict(.accepted, status: 200)

  @Test func believesAFewDeadTokens() {
    var guardian = MassGuard()
    for _ in 0..<MassGuard.believed { #expect(guardian.judge([dead])[0].kind == .tokenDead) }
  }

  @Test func suspectsTheCredentialWhereAllAreDead() {
    var guardian = MassGuard()
    let batch = [Verdict](repeating: dead, count: MassGuard.believed + 1)
    let judged = guardian.judge(batch)
    #expect(judged.allSatisfy { $0.kind == .credentialRefused })
    #expect(judged[0].reason == "every_token_refused: 80300007")
  }

  @Test func oneAliveSpeaksForTheRest() {
    var guardian = MassGuard()
    let batch = [Verdict](repeating: dead, count: 500) + [alive]
    #expect(guardian.judge(batch) == batch)
    for _ in 0..<MassGuard.believed { #expect(guardian.judge([dead])[0].kind == .tokenDead) }
    #expect(guardian.judge([dead])[0].kind == .credentialRefused)
    #expect(guardian.judge([alive])[0].kind == .accepted)
    #expect(guardian.judge([dead])[0].kind == .tokenDead)
  }

  @Test func manyBusyRecipientsMeanABusySender() {
    var guardian = MassGuard()
    let busy = Verdict(.recipientThrottled, status: 429, reason: "QUOTA_EXCEEDED")
    for _ in 0..<MassGuard.busyRecipients {
      #expect(guardian.judge([busy])[0].kind == .recipientThrottled)
    }
    #expect(guardian.judge([busy])[0].kind == .throttled)
  }
}
