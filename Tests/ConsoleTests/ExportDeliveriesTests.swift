import Console
import Foundation
import HTTPTypes
import HummingbirdCore
import Ledger
import NIOCore
import NIOEmbedded
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Console

@Suite("Export deliveries", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct ExportDeliveries {
  private typealias Row = DeliveryHistory.Row

  @Test("writes all that the filter finds, as CSV and as NDJSON, with the view's columns")
  func writesFiles() async throws {
    try await ConsoleRig.run { rig in
      let other = AppID(unchecked: "other")
      try await rig.create(other)
      try await DeliveryHistory(rig: rig, app: other).add([Row(message: "foreign", position: 1)])
      let history = DeliveryHistory(rig: rig)
      try await history.add([
        Row(message: "m1", position: 1, user: "a,\"b\"", status: "rejected", reason: "=1+1")
      ])
      // More than a batch.
      try await history.addMany(4_500, from: 10, lastAgo: 5)
      let session = try await rig.signIn()
      let columns = try await rig.pool.query(
        """
        select attname from pg_attribute
        where attrelid = 'pushledger.deliveries'::regclass and attnum > 0 order by attnum
        """
      ).map { try $0.get(0, as: String.self) }
      let csv = try await rig.get("/console/deliveries.csv", session: session)
      #expect(csv.headers[.contentType] == "text/csv; charset=utf-8")
      let name = try #require(csv.headers[.contentDisposition])
      #expect(
        name.wholeMatch(
          of: /attachment; filename="deliveries-chat-\d{8}T\d{6}-\d{8}T\d{6}\.csv"/) != nil)
      let lines = csv.body.split(separator: "\r\n", omittingEmptySubsequences: false)
      #expect(lines.count == 4_503 && lines.last == "")
      #expect(lines[0] == columns.joined(separator: ",")[...])
      #expect(Set(lines).count == 4_503, "a row stands there twice")
      #expect(lines[4_501].contains(#","a,""b""","#) && lines[4_501].contains(",'=1+1,"))
      let ndjson = try await rig.get(
        "/console/deliveries.ndjson?status=refused&user=" + PagePath.encode("a,\"b\""),
        session: session)
      #expect(ndjson.headers[.contentType] == "application/x-ndjson")
      let objects = try ndjson.body.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
      #expect(objects.count == 1)
      #expect(objects[0].members?.map(\.key) == columns)
      #expect(objects[0]["reason"] == "=1+1" && objects[0]["user_id"] == "a,\"b\"")
      #expect(objects[0]["delivered_at"] == .null && objects[0]["position"] == 1)
      for answer in [csv, ndjson] { #expect(!answer.body.contains("foreign")) }
    }
  }

  @Test("at most four are written at a time, and one that ends gives its place back")
  func limitsExports() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      func ask() async -> Response {
        let request = Request(
          head: HTTPRequest(
            method: .get, scheme: "http", authority: "localhost", path: "/console/deliveries.csv",
            headerFields: [.cookie: session]), body: RequestBody(buffer: ByteBuffer()))
        return await rig.console.respond(to: request, on: NIOAsyncTestingChannel())
      }
      var begun: [Response] = []
      for _ in 0..<DeliveryExport.places { begun.append(await ask()) }
      #expect(begun.allSatisfy { $0.status == .ok })
      let refused = await ask()
      #expect(refused.status == .serviceUnavailable && refused.headers[.retryAfter] == "10")
      begun.removeAll()
      #expect(await ask().status == .ok)
    }
  }

  @Test("a file breaks off when its session ends")
  func endsWithTheSession() async throws {
    try await ConsoleRig.run { rig in
      let session = try await rig.signIn()
      let request = Request(
        head: HTTPRequest(
          method: .get, scheme: "http", authority: "localhost", path: "/console/deliveries.csv",
          headerFields: [.cookie: session]), body: RequestBody(buffer: ByteBuffer()))
      let response = await rig.console.respond(to: request, on: NIOAsyncTestingChannel())
      _ = try await rig.pool.query("update ledger.api_keys set revoked_at = now()")
      await #expect(throws: Refusal.signedOut) { try await response.body.write(Sink()) }
    }
  }
}

@Suite("Write exported rows")
struct WriteExportedRows {
  private func csv(_ values: [ListedDelivery.Value]) -> String {
    var bytes: [UInt8] = []
    ExportFormat.csv.add(values, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("CSV quotes what would end a cell or a line")
  func quotes() {
    #expect(
      csv([.text("a,b"), .text("a\"b"), .text("a\r\nb"), .null, .integer(-3), .text("ü")])
        == "\"a,b\",\"a\"\"b\",\"a\r\nb\",,-3,ü\r\n")
    // To Swift a comma with an accent is one character; to who reads the file it is a comma.
    #expect(csv([.text("a,\u{301}b")]) == "\"a,\u{301}b\"\r\n")
  }

  @Test("CSV lets no text be a formula", arguments: ["=", "+", "-", "@", "\t", "\r", "\n"])
  func guards(sign: String) {
    let line = csv([.text(sign + "cmd|' /C calc'!A0")])
    #expect(line.hasPrefix("'") || line.hasPrefix("\"'"))
    #expect(csv([.text("a" + sign)]).hasPrefix("'") == false)
  }

  @Test("NDJSON is an object a line, whatever the text holds")
  func writesObjects() throws {
    let values = ListedDelivery.columns.map { _ in
      ListedDelivery.Value.text("a\"b\\\r\n\u{2028}\u{202E}<script>")
    }
    var bytes: [UInt8] = []
    ExportFormat.ndjson.add(values, to: &bytes)
    #expect(bytes.count(where: { $0 == UInt8(ascii: "\n") }) == 1)
    let object = try JSON.parse(Array(bytes.dropLast()))
    #expect(object["reason"] == .string("a\"b\\\r\n\u{2028}\u{202E}<script>"))
  }
}
