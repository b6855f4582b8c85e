import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// What is told of the pushes of a page of events, and the calls that tell it.
/// https://cloud.tencent.com/document/product/269/102567 and
/// https://cloud.tencent.com/document/product/269/102568
struct PushFacts {
  private struct Fact {
    var message: MessageID
    var position: Position
    var sender: String
    var group: String?
    var user: String
    var provider: String?
    var sentAt: Timestamp
    var broadcast: String?
    /// The refusal after which another way was tried last.
    var rerouted: Position?
  }

  private var facts: [UUID: Fact] = [:]

  init(_ events: [RecordedEvent], app: AppID, pool: PostgresPool) async throws {
    let ids = events.compactMap { event -> UUID? in
      switch try? event.event.body() {
      case .pushAttempted(let attempt)?: attempt.deliveryID
      case .pushDelivered(let receipt)?, .pushOpened(let receipt)?: receipt.deliveryID
      default: nil
      }
    }
    guard !ids.isEmpty else { return }
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: ids)
    let rows = try await pool.query(
      """
      select d.delivery_id, d.message_id, d.position, d.sender, m.to_group, d.user_id, d.provider,
        m.occurred_at, e.data ->> 'broadcast', d.due_position
      from unnest($2::uuid[]) as wanted (delivery_id)
      join pushledger.deliveries d on d.app = $1 and d.delivery_id = wanted.delivery_id
      join pushledger.messages m on m.app = $1 and m.message_id = d.message_id
      join ledger.events e on e.app = $1 and e.position = d.position
      """, values)
    for row in rows {
      facts[try row.get(0)] = Fact(
        message: MessageID(unchecked: try row.get(1)), position: try row.get(2),
        sender: try row.get(3), group: try row.optional(4), user: try row.get(5),
        provider: try row.optional(6),
        sentAt: try row.timestamp(7),
        broadcast: try row.optional(8), rerouted: try row.optional(9))
    }
  }

  func calls(for body: EventBody, _ event: RecordedEvent) -> [WebhookCall] {
    switch body {
    case .pushAttempted(let attempt):
      // A try that is followed by another tells nothing yet.
      guard attempt.outcome != .retry, attempt.outcome != .unknown else { return [] }
      if attempt.outcome.isRefusal, let rerouted = facts[attempt.deliveryID]?.rerouted,
        rerouted >= event.position
      {
        return []
      }
      let isGood = attempt.outcome == .accepted
      return call(
        attempt.deliveryID, stage: 1, at: attempt.finishedAt,
        code: isGood ? 0 : attempt.status ?? -1,
        info: isGood ? "" : attempt.reason ?? attempt.outcome.rawValue, event,
        by: attempt.provider.rawValue)
    case .pushDelivered(let receipt):
      return call(receipt.deliveryID, stage: 2, at: receipt.at, code: 0, info: "", event)
    case .pushOpened(let receipt):
      return call(receipt.deliveryID, stage: 3, at: receipt.at, code: 0, info: "", event)
    default: return []
    }
  }

  private func call(
    _ id: UUID, stage: Int, at time: Timestamp, code: Int64, info: String,
    _ event: RecordedEvent, by provider: String? = nil
  ) -> [WebhookCall] {
    guard let fact = facts[id] else { return [] }
    let platform = JSON.integer(Self.platforms[provider ?? fact.provider ?? ""] ?? 0)
    let tail: [(String, JSON?)] = [
      ("PushStage", .integer(stage)), ("ErrCode", .integer(code)), ("ErrInfo", .string(info)),
    ]
    let command: String
    var members: [(String, JSON?)]
    if let broadcast = fact.broadcast {
      command = "Push.AllMemberPush"
      members = [
        ("CallbackCommand", .string(command)), ("EventType", 1),
        ("TaskId", .string(broadcast)), ("DataId", ""),
        ("TaskTime", .integer(fact.sentAt.seconds)), ("EventTime", .integer(time.seconds)),
        ("To_Account", .string(fact.user)), ("PushPlatform", platform), ("DeviceType", 0),
      ]
    } else {
      command = "Push.OfflinePush"
      let key = TencentMessageKey(fact.message)
      let random = key?.random ?? TencentMessageKey.groupRandom(fact.message) ?? 0
      members = [
        ("CallbackCommand", .string(command)),
        ("EventType", .integer(fact.group == nil ? 1 : 2)), ("EventTime", .integer(time.seconds)),
        ("From_Account", .string(fact.sender)), ("To_Account", .string(fact.user)),
        ("PushPlatform", platform),
        ("MsgKey", fact.group == nil ? .string(key?.text ?? fact.message.rawValue) : nil),
        ("GroupID", fact.group.map { .string($0) }),
        ("MsgSeq", .integer(key?.sequence ?? fact.position)), ("MsgRandom", .integer(random)),
        ("MsgTime", .integer(fact.sentAt.seconds)),
        ("PushID", .string(id.uuidString.lowercased())),
      ]
    }
    let body: JSON = ["Events": [.object(present: members + tail)]]
    return [WebhookCall(command: command, body: body, platform: nil, position: event.position)]
  }

  private static let platforms: [String: Int] = [
    "apns": 1, "xiaomi": 2, "huawei": 3, "fcm": 4, "meizu": 5, "oppo": 6, "vivo": 7, "honor": 8,
  ]
}
