import Foundation
import Ledger
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct SurviveNoise {
  /// Good requests, to be damaged.
  static let requests: [(method: HTTPMethod, path: String, body: String)] = [
    (.POST, "/v1/messages", #"{"id":"m","from":"ann","to":{"user":"bob"},"text":"Hi"}"#),
    (
      .POST, "/v1/messages",
      #"[{"id":"m","from":"ann","to":{"group":"g"},"elements":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"x"}}],"expires_at":"2099-01-01T00:00:00Z"}]"#
    ),
    (
      .POST, "/v1/events",
      #"{"type":"device.backgrounded","data":{"user":"a","device":"d","unread":{"c2c":1,"group":2}}}"#
    ),
    (.PUT, "/v1/users/a/devices/d", #"{"platform":"ios","provider":"apns","token":"aa"}"#),
    (.PUT, "/v1/users/a/devices/d/state", #"{"state":"background","unread":{"c2c":1}}"#),
    (.PUT, "/v1/users/a", #"{"nickname":"A","quiet_hours":{"from":"22:00","to":"07:00"}}"#),
    (.POST, "/v1/users/a/read", #"{"conversation":{"user":"b"},"up_to_position":3}"#),
    (.POST, "/v1/groups/g/members", #"{"add":[{"user":"a"}],"remove":["b"]}"#),
    (.POST, "/v1/me/devices/d/login", #"{"platform":"ios"}"#),
    (.PUT, "/v1/me/devices/d/token", #"{"token":"aa","busi_id":11301}"#),
    (.PUT, "/v1/me/devices/d/state", #"{"state":"background","unread":{"c2c":1}}"#),
    (.PUT, "/v1/me/devices/d/settings", #"{"push":true,"c2c_sound":"ding.caf"}"#),
    (.PUT, "/v1/me/conversations", #"{"users":["b","c"],"receive":"silent"}"#),
    (.PUT, "/v1/me/groups/g", #"{"receive":"mentions"}"#),
    (
      .PUT, "/v1/me/quiet-time",
      #"{"receive":"silent","from":"22:00:00","duration_seconds":60,"time_zone":"UTC"}"#
    ),
    (
      .POST, "/v1/receipts",
      #"{"delivery_id":"0c635ef1-2e9c-55e1-8eac-92155eb4db11","event":"opened"}"#
    ),
  ]

  /// Numbers, escapes and bytes that parsers stumble over.
  static let pieces = [
    "\\u0000", "\\ud83d", "\\ud83d\\ude00", "1e400", "-0", "99999999999999999999", "null", "{}",
    "[]", "\"\"", "\u{feff}", "\u{202e}", "\u{0}", "\\", "\"", "{", "}", "[", "]", ",", ":",
  ]

  static func damaged(_ body: String, _ random: inout SeededRandom) -> [UInt8] {
    var bytes = Array(body.utf8)
    for _ in 0...Int.random(in: 0..<3, using: &random) {
      let at = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0 where at < bytes.count: bytes[at] = .random(in: 0...255, using: &random)
      case 1 where at < bytes.count: bytes.remove(at: at)
      case 2: bytes.removeSubrange(at...)
      case 3: bytes.insert(.random(in: 0...255, using: &random), at: at)
      default:
        bytes.insert(
          contentsOf: Array(pieces.randomElement(using: &random)?.utf8 ?? "".utf8), at: at)
      }
    }
    return bytes
  }

  @Test("3,000 damaged bodies: never a 5xx, and what is refused is not stored")
  func survivesDamagedBodies() async throws {
    try await APIRig.run { rig in
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = SeededRandom(seed: seed)
      for _ in 0..<3_000 {
        guard let request = Self.requests.randomElement(using: &random) else { continue }
        let body = Self.damaged(request.body, &random)
        let before = try await rig.head()
        let isSigned = request.path.hasPrefix("/v1/me/")
        let answer = try await rig.send(
          request.method, request.path, body, key: isSigned ? .some(nil) : .none,
          headers: isSigned ? [("Authorization", "UserSig \(rig.signature)")] : [])
        let shown = String(decoding: body, as: UTF8.self)
        #expect(answer.status < 500, "seed \(seed): \(request.path) \(shown): \(answer.text)")
        if answer.status >= 400 {
          #expect(answer.code != nil, "seed \(seed): \(shown)")
          #expect(try await rig.head() == before, "seed \(seed): \(shown)")
        }
      }
    }
  }

  @Test("2,000 odd paths and queries: never a 5xx")
  func survivesOddPaths() async throws {
    try await APIRig.run { rig in
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = SeededRandom(seed: seed)
      let letters = Array("%%%//??&&==+..;:@#abv12{}~-_0F".utf8)
      for _ in 0..<2_000 {
        var path = rig.routes.randomElement(using: &random)?.path ?? "/"
        for _ in 0..<Int.random(in: 1..<8, using: &random) {
          let at = path.utf8.index(
            path.startIndex, offsetBy: Int.random(in: 1...path.utf8.count, using: &random))
          let letter = letters.randomElement(using: &random) ?? 0x25
          path.insert(Character(Unicode.Scalar(letter)), at: at)
        }
        if path.contains("follow") { continue }
        let method = ["GET", "PUT", "DELETE", "POST"].randomElement(using: &random) ?? "GET"
        let head =
          "\(method) \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(rig.key)\r\n"
          + "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        let status = try await RawExchange.status(of: Array(head.utf8), port: rig.port)
        #expect(status != nil && status ?? 500 < 500, "seed \(seed): \(method) \(path)")
      }
    }
  }

  @Test("1,000 pieces of noise in place of HTTP: the server goes on")
  func survivesRawNoise() async throws {
    try await APIRig.run { rig in
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = SeededRandom(seed: seed)
      for round in 0..<1_000 {
        var noise = (0..<Int.random(in: 1..<200, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        if round % 2 == 0 {
          noise = Array("POST /v1/messages HTTP/1.1\r\nContent-Length: ".utf8) + noise
        }
        let status = try await RawExchange.status(of: noise, port: rig.port)
        #expect(status ?? 400 < 500, "seed \(seed)")
      }
      #expect(try await rig.get("/health/ready", key: .some(nil)).status == 200)
      #expect(try await rig.head() == 0)
    }
  }
}
