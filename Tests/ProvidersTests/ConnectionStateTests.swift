import NIOCore
import PushCore
import Testing

@testable import Providers

@Suite struct BackOff {
  @Test func waitsDoubleUpToTheLongestAndStartAnewAfterSuccess() {
    var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
    let waits = (0..<8).map { _ in backoff.failed(jitter: 0) }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    backoff.succeeded()
    #expect(backoff.failed(jitter: 0) == .seconds(1))
  }

  @Test func jitterTakesAwayUpToAHalf() {
    var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
    #expect(backoff.failed(jitter: 0.5) == .milliseconds(750))
    #expect(backoff.failed(jitter: 1) == .seconds(1))
  }

  @Test func manyFailuresDoNotOverflow() {
    var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
    for _ in 0..<1_000 { _ = backoff.failed(jitter: 0) }
    #expect(backoff.failed(jitter: 0) == .seconds(60))
  }
}

@Suite struct FollowStreamLimit {
  @Test func exactlyOneGoesFirstWithATokenWhateverIsAnnounced() {
    var limit = StreamLimit(cap: 1_000, needsWarmUp: true)
    #expect(limit.allowed == 1)
    limit.announce(500)
    #expect(limit.allowed == 1)
    limit.sawAnswer(status: 403)
    limit.sawAnswer(status: 503)
    #expect(limit.allowed == 1)
    limit.sawAnswer(status: 200)
    #expect(limit.allowed == 500)
  }

  @Test func aRefusalForTheDevicesSakeShowsThatTheTokenWasTaken() {
    var limit = StreamLimit(cap: 1_000, needsWarmUp: true)
    limit.sawAnswer(status: 410)
    #expect(limit.allowed == StreamLimit.unannounced)
  }

  @Test func theAnnouncedLimitIsFollowedDownAndUp() {
    var limit = StreamLimit(cap: 1_000, needsWarmUp: false)
    #expect(limit.allowed == StreamLimit.unannounced)
    for (announced, allowed) in [(1, 1), (500, 500), (0, 0), (4_000_000_000, 1_000)] {
      limit.announce(announced)
      #expect(limit.allowed == allowed)
    }
  }
}

@Suite struct WatchLiveness {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  private func watch() -> Liveness {
    Liveness(
      whenBusy: .seconds(5), whenIdle: .seconds(60), timeout: .seconds(5), now: start)
  }

  @Test func silenceIsAnsweredWithOnePingAndThatWithDeath() {
    var watch = watch()
    #expect(watch.check(at: start + .seconds(59), isBusy: false) == .none)
    #expect(watch.check(at: start + .seconds(60), isBusy: false) == .ping)
    #expect(watch.check(at: start + .seconds(64), isBusy: false) == .none)
    #expect(watch.check(at: start + .seconds(65), isBusy: false) == .dead)
  }

  @Test func whateverIsHeardEndsTheSilence() {
    var watch = watch()
    #expect(watch.check(at: start + .seconds(60), isBusy: false) == .ping)
    watch.heard(at: start + .seconds(61))
    #expect(watch.check(at: start + .seconds(65), isBusy: false) == .none)
    #expect(watch.check(at: start + .seconds(120), isBusy: false) == .none)
    #expect(watch.check(at: start + .seconds(121), isBusy: false) == .ping)
  }

  @Test func aBusyConnectionIsAskedSoonerButNotForTheTimeItWasIdle() {
    var watch = watch()
    watch.becameBusy(at: start + .seconds(50))
    #expect(watch.check(at: start + .seconds(54), isBusy: true) == .none)
    #expect(watch.check(at: start + .seconds(55), isBusy: true) == .ping)
  }
}

@Suite struct ReadGoAway {
  private func notice(_ debug: String) -> GoAwayNotice {
    GoAwayNotice(lastStreamID: 7, errorCode: 11, debugData: Array(debug.utf8))
  }

  @Test func theReasonComesFromJSONElseTextElseTheCode() {
    #expect(notice(#"{"reason":"Shutdown"}"#).reason == "Shutdown")
    #expect(notice("Maximum active streams violated").reason == "Maximum active streams violated")
    #expect(notice("").reason == "http2_error_11")
    #expect(notice("\u{0}\u{1}").reason == "http2_error_11")
    #expect(notice(String(repeating: "x", count: 5_000)).reason.count == GoAwayNotice.textBytes)
  }

  @Test func aReasonOfTheCredentialIsToldApart() {
    #expect(notice(#"{"reason":"BadCertificateEnvironment"}"#).blamesCredential)
    #expect(notice(#"{"reason":"InvalidProviderToken"}"#).blamesCredential)
    #expect(!notice(#"{"reason":"Shutdown"}"#).blamesCredential)
    #expect(!notice(#"{"reason":"IdleTimeout"}"#).blamesCredential)
    #expect(!notice(#"{"reason":"ExpiredProviderToken"}"#).blamesCredential)
  }

  @Test func aFrameIsReadOnlyWhenItIsWhole() throws {
    let debug = Array(#"{"reason":"BadCertificate"}"#.utf8)
    var frame = ByteBuffer(bytes: [0, 0, UInt8(8 + debug.count), 7, 0, 0, 0, 0, 0])
    frame.writeInteger(UInt32(0))
    frame.writeInteger(UInt32(0))
    frame.writeBytes(debug)
    for length in 0..<frame.readableBytes {
      let part = try #require(frame.getSlice(at: 0, length: length))
      #expect(GreetingReader.notice(in: part) == nil)
    }
    #expect(GreetingReader.notice(in: frame)?.reason == "BadCertificate")
    #expect(
      GreetingReader.notice(in: ByteBuffer(bytes: [0, 0, 4, 7, 0, 0, 0, 0, 0, 1, 2, 3, 4])) == nil)
  }
}

@Suite struct RememberRefusedTokens {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  @Test func aTokenIsHeldForItsTime() {
    var tokens = RefusedTokens(memory: .seconds(600))
    tokens.insert("ab", at: start)
    #expect(tokens.holds("ab", at: start + .seconds(599)))
    #expect(!tokens.holds("ab", at: start + .seconds(600)))
    #expect(!tokens.holds("cd", at: start))
    tokens.insert("ab", at: start + .seconds(700))
    #expect(tokens.holds("ab", at: start + .seconds(701)))
  }

  @Test func theOldestMakeRoom() {
    var tokens = RefusedTokens(memory: .seconds(600))
    for number in 0...RefusedTokens.limit { tokens.insert("\(number)", at: start) }
    #expect(!tokens.holds("0", at: start))
    #expect(tokens.holds("1", at: start))
    #expect(tokens.holds("\(RefusedTokens.limit)", at: start))
  }

  @Test func noMemoryHoldsNothing() {
    var tokens = RefusedTokens(memory: .zero)
    tokens.insert("ab", at: start)
    #expect(!tokens.holds("ab", at: start))
  }
}
