import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import API

/// What is wrong on this side, in Tencent's words.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct FailAsTencent {
  private static func run(
    _ setup: APIRig.Setup, _ body: @escaping @Sendable (TencentBackend) async throws -> Void
  ) async throws {
    try await APIRig.run(setup) { rig in
      try await TencentApps(rig.pool).put(
        TencentBackend.sdkAppID, for: APIRig.demo, administrators: ["administrator"],
        secretKey: TencentBackend.key)
      try await body(TencentBackend(rig: rig))
    }
  }

  @Test("60007 while too much waits to be stored")
  func isFull() async throws {
    var setup = APIRig.Setup()
    setup.limits.waitingEvents = 1
    setup.limits.patience = .seconds(1)
    setup.appends = false
    try await Self.run(setup) { backend in
      let now = Timestamp.systemClock()
      async let waiting = backend.call("openim/sendmsg", SendAsTencent.message(), at: now)
      try await eventually { backend.rig.appender.status.waitingEvents == 1 }
      let refused = try await backend.call("openim/sendmsg", SendAsTencent.message(), at: now)
      #expect(refused["ErrorCode"] == 60007)
      let appending = Task { await backend.rig.appender.run() }
      let first = try await waiting
      #expect(first["ErrorCode"] == 0)
      backend.rig.appender.stop()
      await appending.value
    }
  }

  @Test("60008 while the projection is not there")
  func isLate() async throws {
    var setup = APIRig.Setup()
    setup.projects = false
    try await Self.run(setup) { backend in
      let now = Timestamp.systemClock()
      let sent = try await backend.call("openim/sendmsg", SendAsTencent.message(), at: now)
      #expect(sent["ErrorCode"] == 0)
      let answer = try await backend.call(
        "openim/get_c2c_unread_msg_num", ["To_Account": "ben"], at: now)
      #expect(answer["ErrorCode"] == 60008)
    }
  }

  @Test("20005 where the database is not what it was, and nothing of it is told")
  func isBroken() async throws {
    try await Self.run(APIRig.Setup()) { backend in
      _ = try await backend.rig.pool.query("drop view pushledger.users")
      let answer = try await backend.call(
        "im_open_login_svc/account_check", ["CheckItem": [["UserID": "ann"]]],
        at: Timestamp.systemClock())
      #expect(answer["ErrorCode"] == 20005)
      #expect(answer["ErrorInfo"]?.string?.contains("users") == false)
    }
  }

  @Test("every code that can be answered stands in the document and is provoked by a test")
  func provokesEveryCode() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let root = folder.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    func text(_ path: String) throws -> String {
      try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
    let errors = try text("Sources/API/Tencent/TencentError.swift")
    let sigs = try text("Sources/API/Tencent/UserSigError.swift")
    var codes = errors.matches(of: #/static let \w+ = (\d+)/#).map { String($0.output.1) }
    codes += sigs.matches(of: #/case \w+ = (7\d+)/#).map { String($0.output.1) }
    #expect(codes.count > 40)
    let document = try text("docs/tencent-compatibility.md")
    let tests = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".swift") }
      .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
    for code in Set(codes) {
      #expect(document.contains(code), "\(code) is not in the document")
      #expect(tests.firstMatch(of: try Regex("\\b\(code)\\b")) != nil, "\(code) has no test")
    }
  }
}
