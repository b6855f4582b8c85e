import Foundation
import Ledger
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

/// A request that is refused.
struct BadRequest: Sendable, CustomStringConvertible {
  var method: HTTPMethod
  var path: String
  var body: [UInt8]?
  var headers: [(String, String)] = []
  var status: Int
  var code: String
  var field: String?

  var description: String { "\(method) \(path.prefix(60)) → \(code) \(field ?? "")" }

  init(
    _ method: HTTPMethod, _ path: String, _ status: Int, _ code: String, _ field: String? = nil
  ) {
    self.init(method, path, nil, status, code, field)
  }

  init(
    _ method: HTTPMethod, _ path: String, _ body: String?,
    headers: [(String, String)] = [], _ status: Int, _ code: String, _ field: String? = nil
  ) {
    self.method = method
    self.path = path
    self.body = body.map { Array($0.utf8) }
    self.headers = headers
    self.status = status
    self.code = code
    self.field = field
  }
}

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct RefuseBadInput {
  /// Refuses all of them, and stores nothing.
  private func refuse(_ requests: [BadRequest]) async throws {
    try await APIRig.run { rig in
      for bad in requests {
        let answer = try await rig.send(bad.method, bad.path, bad.body, headers: bad.headers)
        #expect(answer.status == bad.status, "\(bad): \(answer.text)")
        #expect(answer.code == bad.code, "\(bad): \(answer.text)")
        #expect(answer.field == bad.field, "\(bad): \(answer.text)")
        #expect(answer.json["type"]?.string == "urn:pushledger:problem:\(bad.code)")
        #expect(answer.json["status"] == .integer(bad.status))
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(!answer.detail.isEmpty)
      }
      #expect(try await rig.head() == 0)
    }
  }

  private static let long = String(repeating: "x", count: 129)

  @Test("messages") func messages() async throws {
    func bad(_ body: String, _ code: String, _ field: String?) -> BadRequest {
      BadRequest(.POST, "/v1/messages", body, 400, code, field)
    }
    func with(_ members: String) -> String {
      #"{"id":"m","from":"ann","to":{"user":"bob"},"text":"x",\#(members)}"#
    }
    let long = Self.long
    try await refuse([
      bad("", "malformed_json", nil),
      bad("{", "malformed_json", nil),
      bad(#"{"id":"m"}}"#, "malformed_json", nil),
      bad(#"{"id":"m","id":"n"}"#, "malformed_json", nil),
      bad(#"{"id":"\u0000"}"#, "malformed_json", nil),
      bad(#"{"id":"\ud800"}"#, "malformed_json", nil),
      bad(#"{"id":1e999999}"#, "malformed_json", nil),
      bad(String(repeating: "[", count: 100), "malformed_json", nil),
      bad("null", "wrong_type", ""),
      bad("7", "wrong_type", ""),
      bad(#""text""#, "wrong_type", ""),
      bad("[]", "too_short", ""),
      bad("[7]", "wrong_type", "[0]"),
      bad("{}", "missing", "id"),
      bad(#"{"id":7}"#, "wrong_type", "id"),
      bad(#"{"id":""}"#, "too_short", "id"),
      bad(#"{"id":"\#(long)"}"#, "too_long", "id"),
      bad(#"{"id":"a\u0007"}"#, "bad_character", "id"),
      bad(#"{"id":"m"}"#, "missing", "to"),
      bad(#"{"id":"m","to":{"user":"b"}}"#, "missing", "from"),
      bad(#"{"id":"m","to":{"user":"b"},"from":[]}"#, "wrong_type", "from"),
      bad(#"{"id":"m","to":{}}"#, "missing", "to"),
      bad(#"{"id":"m","to":{"user":"a","group":"b"}}"#, "bad_format", "to"),
      bad(#"{"id":"m","to":{"user":"a","x":1}}"#, "unknown_field", "to.x"),
      bad(#"{"id":"m","to":{"group":""}}"#, "too_short", "to.group"),
      bad(#"{"id":"m","to":{"user":"b"},"from":"a"}"#, "missing", "text"),
      bad(with(#""elements":[]"#), "bad_format", "text"),
      bad(with(#""body":"x""#), "unknown_field", "body"),
      bad(with(#""mentions":"bob""#), "wrong_type", "mentions"),
      bad(with(#""mentions":[7]"#), "wrong_type", "mentions[0]"),
      bad(with(#""targets":[""]"#), "too_short", "targets[0]"),
      bad(with(#""mention_all":"yes""#), "wrong_type", "mention_all"),
      bad(with(#""expires_at":"tomorrow""#), "bad_format", "expires_at"),
      bad(with(#""sent_at":"2026-02-30T00:00:00Z""#), "bad_format", "sent_at"),
      bad(with(#""sent_at":17"#), "wrong_type", "sent_at"),
      bad(with(#""sent_at":"9999-12-31T23:59:59-23:59""#), "bad_format", "sent_at"),
      bad(with(#""expires_at":"1970-01-01T00:00:00+23:59""#), "bad_format", "expires_at"),
      bad(
        with(#""offline_push":{"PushFlag":-9.223372036854775808e18}"#), "out_of_range",
        "offline_push.PushFlag"),
      bad(with(#""push":1"#), "wrong_type", "push"),
      bad(with(#""online_only":"x""#), "wrong_type", "online_only"),
      bad(with(#""counts_unread":[]"#), "wrong_type", "counts_unread"),
      bad(with(#""offline_push":"x""#), "wrong_type", "offline_push"),
      bad(with(#""offline_push":{"PushFlag":"x"}"#), "wrong_type", "offline_push.PushFlag"),
      bad(
        with(#""offline_push":{"ApnsInfo":{"BadgeMode":-1}}"#), "out_of_range",
        "offline_push.ApnsInfo.BadgeMode"),
      bad(with(#""cloud_custom_data":{}"#), "wrong_type", "cloud_custom_data"),
      bad(
        with(#""sender_name":"\#(String(repeating: "n", count: 1025))""#), "too_long",
        "sender_name"),
      bad(
        #"{"id":"m","from":"a","to":{"user":"b"},"elements":[{"MsgType":"TIMTextElem"}]}"#,
        "missing", "elements[0].MsgContent"),
      bad(
        #"{"id":"m","from":"a","to":{"user":"b"},"elements":{}}"#, "wrong_type", "elements"),
      bad(
        with(#""cloud_custom_data":"\#(String(repeating: "c", count: 66000))""#), "too_long",
        "cloud_custom_data"),
      BadRequest(.POST, "/v1/messages?x=1", "{}", 400, "unknown_field", "x"),
      BadRequest(
        .POST, "/v1/messages?expected_position=-1", with(#""push":true"#), 400, "out_of_range",
        "expected_position"),
      BadRequest(
        .POST, "/v1/messages?expected_position=1&expected_position=2", "{}", 400, "malformed",
        "expected_position"),
    ])
  }

  @Test("bodies: type, encoding and size") func bodies() async throws {
    let json = #"{"id":"m","from":"ann","to":{"user":"bob"},"text":"x"}"#
    let text = String(repeating: " ", count: 300 * 1024)
    let huge = String(repeating: " ", count: 8 * 1024 * 1024 + 1)
    try await refuse([
      BadRequest(
        .POST, "/v1/messages", json, headers: [("Content-Type", "text/plain")], 415,
        "media_type_unsupported", "Content-Type"),
      BadRequest(
        .POST, "/v1/messages", json, headers: [("Content-Type", "")], 415,
        "media_type_unsupported", "Content-Type"),
      BadRequest(
        .POST, "/v1/messages", json, headers: [("Content-Type", "application/x-ndjson")], 415,
        "media_type_unsupported", "Content-Type"),
      BadRequest(
        .POST, "/v1/messages", json,
        headers: [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], 415,
        "media_type_unsupported", "Content-Encoding"),
      BadRequest(.POST, "/v1/messages", text + json, 413, "body_too_large"),
      BadRequest(.POST, "/v1/messages", huge, 413, "body_too_large"),
      BadRequest(.PUT, "/v1/users/ann", text + "{}", 413, "body_too_large"),
    ])
  }

  @Test("paths and methods") func paths() async throws {
    try await refuse([
      BadRequest(.GET, "/", 404, "route_unknown"),
      BadRequest(.GET, "/v1", 404, "route_unknown"),
      BadRequest(.GET, "/v1/messages/", 404, "route_unknown"),
      BadRequest(.GET, "/v1//messages", 404, "route_unknown"),
      BadRequest(.GET, "/v1/messages/m/x", 404, "route_unknown"),
      BadRequest(.GET, "/V1/status", 404, "route_unknown"),
      BadRequest(.GET, "/v1/messages", 405, "method_not_allowed"),
      BadRequest(.PATCH, "/v1/messages/m", "{}", 405, "method_not_allowed"),
      BadRequest(.OPTIONS, "/v1/status", 405, "method_not_allowed"),
      BadRequest(.RAW(value: "PROPFIND"), "/v1/status", 405, "method_not_allowed"),
      BadRequest(.GET, "/v1/messages/%00", 400, "bad_character", "id"),
      BadRequest(.GET, "/v1/messages/\(Self.long)", 400, "too_long", "id"),
      BadRequest(.DELETE, "/v1/messages/m?by=", 400, "too_short", "by"),
      BadRequest(.DELETE, "/v1/messages/m", 404, "message_unknown", "id"),
      BadRequest(.GET, "/v1/messages/m", 404, "message_unknown", "id"),
      BadRequest(.GET, "/v1/messages/m/timeline", 404, "message_unknown", "id"),
      BadRequest(.GET, "/v1/messages/m?limit=0", 400, "out_of_range", "limit"),
      BadRequest(.GET, "/v1/messages/m?limit=x", 400, "out_of_range", "limit"),
      BadRequest(.GET, "/v1/messages/m?after=x", 400, "bad_format", "after"),
      BadRequest(.GET, "/v1/messages/m/timeline?after=-1", 400, "out_of_range", "after"),
      BadRequest(.GET, "/v1/events?follow=1", 400, "unknown_value", "follow"),
      BadRequest(.GET, "/v1/events?limit=1000001", 400, "out_of_range", "limit"),
      BadRequest(.GET, "/v1/events?stream=%00", 400, "bad_format", "stream"),
      BadRequest(.GET, "/v1/events?stream=message/m%00", 400, "bad_character", "stream"),
      BadRequest(.GET, "/v1/events?stream=messages/m", 400, "bad_format", "stream"),
      BadRequest(.GET, "/v1/events?stream=message/a/b", 400, "bad_format", "stream"),
      BadRequest(.GET, "/v1/events?stream=user/", 400, "bad_format", "stream"),
      BadRequest(
        .POST, "/v1/events?expected_stream=x&expected_position=0",
        #"{"type":"user.updated","data":{"user":"ann"}}"#, 400, "bad_format", "expected_stream"),
      BadRequest(.GET, "/v1/events?after=9223372036854775808", 400, "out_of_range", "after"),
      BadRequest(.GET, "/v1/users/ann/unread?at_least=x", 400, "out_of_range", "at_least"),
      BadRequest(.GET, "/v1/users/ann/unread?at_least=1", 400, "out_of_range", "at_least"),
      BadRequest(.GET, "/health/live?x=1", 400, "unknown_field", "x"),
    ])
    try await APIRig.run { rig in
      let answer = try await rig.send(.POST, "/v1/messages/m", [])
      #expect(answer.header("Allow") == "DELETE, GET")
      for (target, field) in [
        ("/v1/messages/%zz", "id"), ("/v1/messages/%ff", "id"), ("/v1/events?a%zz=1", "query"),
      ] {
        let answer = try await RawExchange.answer(to: .GET, target, rig)
        #expect(answer.status == 400, "\(target)")
        #expect(answer.code == "malformed", "\(target)")
        #expect(answer.field == field, "\(target)")
      }
    }
  }

  @Test("users, devices, groups") func users() async throws {
    let device = "/v1/users/ann/devices/d"
    func registration(_ change: String) -> String {
      #"{"platform":"ios","provider":"apns","token":"aa",\#(change)}"#
    }
    let long = Self.long
    try await refuse([
      BadRequest(.PUT, "/v1/users/\(long)", "{}", 400, "too_long", "user"),
      BadRequest(.PUT, "/v1/users/ann", "[]", 400, "wrong_type", ""),
      BadRequest(.PUT, "/v1/users/ann", #"{"name":"x"}"#, 400, "unknown_field", "name"),
      BadRequest(.PUT, "/v1/users/ann", #"{"user":"bob"}"#, 400, "unknown_field", "user"),
      BadRequest(.PUT, "/v1/users/ann", #"{"nickname":7}"#, 400, "wrong_type", "nickname"),
      BadRequest(.PUT, "/v1/users/ann", #"{"badge":"x"}"#, 400, "unknown_value", "badge"),
      BadRequest(
        .PUT, "/v1/users/ann", #"{"quiet_hours":{"from":"24:00","to":"01:00"}}"#, 400,
        "bad_format", "quiet_hours.from"),
      BadRequest(
        .PUT, "/v1/users/ann", #"{"quiet_hours":{"from":"22:00"}}"#, 400, "missing",
        "quiet_hours.to"),
      BadRequest(
        .PUT, "/v1/users/ann",
        #"{"quiet_hours":{"from":"22:00","to":"01:00","time_zone":"Mars/Olympus"}}"#, 400,
        "unknown_value", "quiet_hours.time_zone"),
      BadRequest(
        .PUT, "/v1/users/ann", #"{"quiet_hours":{"from":"22:00","to":"01:00","x":1}}"#, 400,
        "unknown_field", "quiet_hours.x"),
      BadRequest(.PUT, "/v1/users/ann", #"{"occurred_at":1}"#, 400, "wrong_type", "occurred_at"),
      BadRequest(.POST, "/v1/users/ann/read", "{}", 400, "missing", "conversation"),
      BadRequest(
        .POST, "/v1/users/ann/read", #"{"conversation":{"user":"b"}}"#, 400, "missing", "up_to"),
      BadRequest(
        .POST, "/v1/users/ann/read",
        #"{"conversation":{"user":"b"},"up_to":"m","up_to_position":1}"#, 400, "bad_format",
        "up_to"),
      BadRequest(
        .POST, "/v1/users/ann/read", #"{"conversation":{"user":"b"},"up_to_position":-1}"#, 400,
        "out_of_range", "up_to_position"),
      BadRequest(.PUT, "/v1/users/ann/conversations/bob", "{}", 400, "missing", "receive"),
      BadRequest(
        .PUT, "/v1/users/ann/conversations/bob", #"{"receive":"x"}"#, 400, "unknown_value",
        "receive"),
      BadRequest(.PUT, device, "{}", 400, "missing", "platform"),
      BadRequest(.PUT, device, registration(#""x":1"#), 400, "unknown_field", "x"),
      BadRequest(
        .PUT, device, #"{"platform":"ios","provider":"apns"}"#, 400, "missing", "token"),
      BadRequest(
        .PUT, device, #"{"platform":"ios","provider":"apns","token":[1]}"#, 400, "wrong_type",
        "token"),
      BadRequest(
        .PUT, device, #"{"platform":"ios","provider":"x","token":"t"}"#, 400, "unknown_value",
        "provider"),
      BadRequest(
        .PUT, device,
        #"{"platform":"ios","provider":"apns","token":"\#(String(repeating: "t", count: 4097))"}"#,
        400, "too_long", "token"),
      BadRequest(
        .PUT, device, registration(#""settings":{"volume":1}"#), 400, "unknown_field",
        "settings.volume"),
      BadRequest(
        .PUT, device, registration(#""settings":{"push":"x"}"#), 400, "wrong_type",
        "settings.push"),
      BadRequest(.PUT, "/v1/users/ann/devices/\(long)", "{}", 400, "too_long", "device"),
      BadRequest(.PUT, device + "/state", "{}", 400, "missing", "state"),
      BadRequest(.PUT, device + "/state", #"{"state":"asleep"}"#, 400, "unknown_value", "state"),
      BadRequest(.PUT, device + "/state", #"{"state":"background"}"#, 400, "missing", "unread"),
      BadRequest(
        .PUT, device + "/state",
        #"{"state":"background","unread":{"c2c":-9223372036854775808.0}}"#, 400, "out_of_range",
        "unread.c2c"),
      BadRequest(
        .PUT, "/v1/users/ann",
        #"{"quiet_hours":{"from":"-0:30","to":"07:00","time_zone":"UTC"}}"#, 400, "bad_format",
        "quiet_hours.from"),
      BadRequest(
        .PUT, device + "/state", #"{"state":"background","unread":{"c2c":-1}}"#, 400,
        "out_of_range", "unread.c2c"),
      BadRequest(
        .PUT, device + "/state", #"{"state":"background","unread":{"x":1}}"#, 400,
        "unknown_field", "unread.x"),
      BadRequest(
        .PUT, device + "/state", #"{"state":"killed","unread":{}}"#, 400, "unknown_field",
        "unread"),
      BadRequest(.PUT, device + "/settings", #"{"push":1}"#, 400, "wrong_type", "push"),
      BadRequest(.PUT, device + "/settings", #"{"x":1}"#, 400, "unknown_field", "x"),
      BadRequest(.PUT, "/v1/groups/g", #"{"name":[]}"#, 400, "wrong_type", "name"),
      BadRequest(.PUT, "/v1/groups/%0A", "{}", 400, "bad_character", "group"),
      BadRequest(
        .PUT, "/v1/groups/g/members/ann", #"{"receive":1}"#, 400, "wrong_type", "receive"),
      BadRequest(
        .PUT, "/v1/groups/g/members/ann", #"{"name_card":1}"#, 400, "wrong_type", "name_card"),
      BadRequest(.POST, "/v1/groups/g/members", "{}", 400, "missing", "add"),
      BadRequest(
        .POST, "/v1/groups/g/members", #"{"add":[{"user":"a"},{}]}"#, 400, "missing",
        "add[1].user"),
      BadRequest(
        .POST, "/v1/groups/g/members", #"{"add":[{"user":"a","x":1}]}"#, 400, "unknown_field",
        "add[0].x"),
      BadRequest(
        .POST, "/v1/groups/g/members", #"{"remove":["a",""]}"#, 400, "too_short", "remove[1]"),
      BadRequest(
        .POST, "/v1/groups/g/members",
        #"{"remove":[\#((0..<1001).map { "\"u\($0)\"" }.joined(separator: ","))]}"#, 400,
        "too_long", "remove"),
    ])
  }

  @Test("receipts") func receipts() async throws {
    let id = "0c635ef1-2e9c-55e1-8eac-92155eb4db11"
    try await refuse([
      BadRequest(.POST, "/v1/receipts", "{}", 400, "missing", "event"),
      BadRequest(.POST, "/v1/receipts", "[]", 400, "too_short", ""),
      BadRequest(.POST, "/v1/receipts", #"{"event":"opened"}"#, 400, "missing", "delivery_id"),
      BadRequest(
        .POST, "/v1/receipts", #"{"event":"opened","delivery_id":"x"}"#, 400, "bad_format",
        "delivery_id"),
      BadRequest(
        .POST, "/v1/receipts", #"[{"event":"seen","delivery_id":"\#(id)"}]"#, 400,
        "unknown_value", "[0].event"),
      BadRequest(
        .POST, "/v1/receipts", #"{"event":"opened","delivery_id":"\#(id)","source":"app"}"#, 400,
        "unknown_field", "source"),
      BadRequest(
        .POST, "/v1/receipts", #"{"event":"opened","delivery_id":"\#(id)"}"#, 404,
        "delivery_unknown", "delivery_id"),
    ])
  }
}
