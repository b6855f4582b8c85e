import Foundation
import Ledger
import Postgres
import Projections
import PushCore

extension Bench {
  private static let members = 10_000
  private static let pushed = 1_000
  private static let messages = 9

  /// A message to a group of 10,000, of whom 1,000 have a phone: how long until all its pushes are
  /// due. The first finds a projector that knows nothing of the group.
  func groupMessages(_ site: BenchSite) async throws -> [BenchLine] {
    let app = AppID(unchecked: "group")
    return try await site.withPool { pool in
      try await Apps(pool).create(app)
      let path = NSTemporaryDirectory() + "/pushledger-bench-\(UUID().uuidString).ndjson"
      defer { try? FileManager.default.removeItem(atPath: path) }
      try Self.writeMembers(to: path)
      _ = try await Importer(site.postgres, logger: site.logger).run(path, into: app)
      let first = Projector(pool: pool, listener: nil, logger: site.logger)
      try await first.catchUp(app)
      try await first.release()
      let projector = Projector(pool: pool, listener: nil, logger: site.logger)
      var times: [Double] = []
      for number in 0..<Self.messages {
        times.append(try await message(number, projector, pool, app))
      }
      let warm = times.dropFirst().sorted()[(times.count - 1) / 2]
      return [
        BenchLine(
          what: "message to 10,000 members, 1,000 pushed", value: warm, unit: "ms",
          goal: .below(100), yardstick: nil),
        BenchLine(
          what: "the first after the projector began", value: times[0], unit: "ms",
          goal: .below(100), yardstick: nil),
      ]
    }
  }

  /// - Returns: Milliseconds.
  private func message(
    _ number: Int, _ projector: Projector, _ pool: PostgresPool, _ app: AppID
  ) async throws -> Double {
    let event = try EventDoor.event(
      id: UUID(), type: .messageSent, occurredAt: Timestamp(microseconds: 1_770_000_000_000_000),
      data: [
        "message_id": .string("m\(number)"), "from": "u0", "conversation": ["group": "large"],
      ],
      content: ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]]])
    let call = AppendStatement.call([event], to: app)
    _ = try await pool.query(call.sql, call.parameters)
    let watch = Stopwatch()
    try await projector.catchUp(app)
    let milliseconds = watch.seconds * 1_000
    let due: Int64 = try await pool.query(
      "select count(*) from dispatch.due where app = $1", [app.rawValue])[0].get(0)
    let wanted = Self.pushed * (number + 1)
    guard due == Int64(wanted) else { throw BenchError.lost(due: wanted, received: Int(due)) }
    return milliseconds
  }

  private static func writeMembers(to path: String) throws {
    var lines: [String] = []
    func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
      let event = JSON.object(present: [
        ("event_id", .string(UUID().uuidString)), ("type", .string(type)),
        ("occurred_at", "2026-01-01T00:00:00Z"), ("data", data), ("content", content),
      ])
      lines.append(event.text)
    }
    add("group.updated", ["group": "large"], ["name": "Large"])
    for index in 0...members {
      let user = JSON.string("u\(index)")
      add("group.member_added", ["group": "large", "user": user])
      guard 1...pushed ~= index else { continue }
      add(
        "device.registered",
        ["user": user, "device": "phone", "platform": "ios", "provider": "apns"],
        ["token": .string("t\(index)")])
    }
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }
}
