import AsyncHTTPClient
import Foundation
import Ledger
import NIOHTTP1
import PushCore
import Synchronization
import Testing

@testable import API

/// What a backend of Tencent IM has: an SDKAppID, its key, and an administrator.
struct TencentBackend: Sendable {
  static let sdkAppID: Int64 = 1_400_000_000
  static let key = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"

  let rig: APIRig

  /// A server of which the app `demo` is Tencent's app, too. Its clock is the test's.
  static func run(
    _ body: @escaping @Sendable (TencentBackend, TestClock) async throws -> Void
  ) async throws {
    let clock = TestClock()
    var setup = APIRig.Setup()
    setup.configure = { $0.clock = { clock.now } }
    try await APIRig.run(setup) { rig in
      try await TencentApps(rig.pool).put(
        sdkAppID, for: APIRig.demo, administrators: ["administrator", "老王"], secretKey: key)
      try await body(TencentBackend(rig: rig), clock)
    }
  }

  /// Sends raw bytes with a query of the test's own.
  func post(_ command: String, query: String, _ body: [UInt8]) async throws -> Answer {
    let answer = try await rig.send(.POST, "/v4/\(command)?\(query)", body, key: .some(nil))
    #expect(answer.status == 200 && answer.header("Content-Type") == "application/json")
    return answer
  }

  static func signed(
    by identifier: String = "administrator", at time: Int64, app: Int64 = sdkAppID,
    key: String = key
  ) throws -> String {
    let sig = try UserSig(
      identifier: identifier, sdkAppID: app, issuedAt: time, secretKey: key)
    let name =
      identifier.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    return "sdkappid=\(app)&identifier=\(name)&usersig=\(sig.text)&random=99999999&contenttype=json"
  }

  /// Sends what a well-kept backend would.
  func call(_ command: String, _ body: JSON, at time: Timestamp) async throws -> JSON {
    try await post(
      command, query: Self.signed(at: time.seconds), body.serialized()
    ).json
  }
}

/// A clock that a test sets.
final class TestClock: Sendable {
  private let time = Mutex(Timestamp(microseconds: 1_770_000_000_000_000))

  var now: Timestamp { time.withLock { $0 } }

  func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
