import Crypto
import Ledger
import Postgres
import Projections
import PushCore

import struct Foundation.UUID

/// `all_member_push`: one message to everybody, or to all that a condition holds for, and the tags and
/// attributes that conditions go by. https://www.tencentcloud.com/document/product/1047/37166
struct PushToAll: Sendable {
  /// Two with the same `MsgRandom` and content within so many seconds are one.
  static let repeatSeconds: Int64 = 7 * 86_400
  static let requestBytes = 10 * 1_024
  static let tagsPerCondition = 10
  static let tagBytes = 50
  static let accountsPerRequest = 100
  static let reportsPerQuestion = 500
  static let attributeNames = 10

  let appender: Appender
  let reading: Reading
  let pool: PostgresPool

  var commands: [String: TencentFront.Command] {
    let service = "all_member_push/"
    return [
      service + "im_push": { try await push($0) },
      service + "im_get_push_report": { try await report($0) },
      // As they were called first.
      "openim/im_push": { try await push($0) },
      "openim/im_get_push_report": { try await report($0) },
      service + "im_set_attr_name": { try await nameAttributes($0) },
      service + "im_get_attr_name": { try await attributeNames($0) },
      service + "im_set_attr": { try await setAttributes($0) },
      service + "im_get_attr": { try await attributes($0) },
      service + "im_remove_attr": { try await removeAttributes($0) },
      service + "im_add_tag": { try await addTags($0) },
      service + "im_get_tag": { try await tags($0) },
      service + "im_remove_tag": { try await removeTags($0) },
      service + "im_remove_all_tags": { try await clearTags($0) },
    ]
  }

  // MARK: Pushing

  private func push(_ call: TencentCall) async throws -> JSON {
    try call.checkSize(most: Self.requestBytes, or: TencentError.pushTooLarge)
    let random = try call.body.requiredNumber("MsgRandom", TencentError.badRandom)
    let message = try TencentMessage(call)
    let life = try OpenIM.life(call) ?? 0
    var facts = try Self.condition(call.body)
    if life == 0 {
      facts.append(.init("online_only", true))
    } else {
      facts.append(.init("expires_at", JSON(call.now + .seconds(life))))
    }
    // The same to others, from another, or for another time, is another push.
    let mark = [
      message.sender.rawValue, String(life),
      String(decoding: (call.body["Condition"] ?? [:]).canonical(), as: UTF8.self),
    ]
    let window = call.now.seconds / Self.repeatSeconds
    let ids = (0...1).map { back in
      TencentID.event(
        "push", call.app,
        [String(random), String(message.checksum), String(window - back)] + mark)
    }
    let known = try await reading.ledger.times(of: ids, in: call.app)
    let first = call.now - .seconds(Self.repeatSeconds)
    if let repeated = ids.first(where: { known[$0].map { $0 >= first } ?? false }) {
      return Self.answer(repeated, call)
    }
    let event = try message.broadcast(id: ids[0], Self.task(ids[0], call), at: call.now, facts)
    _ = try await appender.appendEvents([event], to: call.app)
    return Self.answer(ids[0], call)
  }

  private static func task(_ id: UUID, _ call: TencentCall) -> BroadcastID {
    BroadcastID(unchecked: "\(call.app)_push_\(id.uuidString.prefix(18).lowercased())")
  }

  private static func answer(_ id: UUID, _ call: TencentCall) -> JSON {
    TencentAnswer.ok(["TaskId": JSON(task(id, call))])
  }

  private static func condition(_ body: TencentBody) throws(TencentError) -> [JSON.Member] {
    guard let given = body["Condition"] else { return [] }
    guard let members = given.members else {
      throw TencentError(
        TencentError.badFormat, "Condition is \(given.kind); an Object is expected.")
    }
    let kinds = ["TagsOr", "TagsAnd", "AttrsOr", "AttrsAnd"]
    let named = members.filter { kinds.contains($0.key) }
    guard named.count <= 1 else {
      throw TencentError(
        TencentError.badFormat, "Condition has \(named.count) kinds; one of them is taken.")
    }
    guard let member = named.first else {
      // Whoever misspells a condition must not ring everybody's phone.
      guard members.isEmpty else {
        throw TencentError(
          TencentError.badFormat, "Condition has none of \(kinds.joined(separator: ", ")).")
      }
      return []
    }
    let condition: JSON.Member
    switch member.key {
    case "TagsOr": condition = .init("any_tag", .array(try tags(member.value)))
    case "TagsAnd": condition = .init("all_tags", .array(try tags(member.value)))
    case "AttrsOr": condition = .init("any_attribute", try attributes(member.value))
    default: condition = .init("all_attributes", try attributes(member.value))
    }
    return [.init("condition", .object([condition]))]
  }

  /// Tags of a condition or of an account.
  static func tags(
    _ json: JSON, most: Int = tagsPerCondition
  ) throws(TencentError) -> [JSON] {
    guard let items = json.array else {
      throw TencentError(TencentError.badFormat, "Tags are \(json.kind); an Array is expected.")
    }
    guard items.count <= most else {
      throw TencentError(
        TencentError.tooManyTags, "There are \(items.count) tags; at most \(most) are taken.")
    }
    var seen: Set<Label> = []
    for item in items {
      guard let tag = item.string, !tag.isEmpty else {
        throw TencentError(TencentError.emptyTag, "A tag is empty or no String.")
      }
      guard tag.utf8.count <= tagBytes else {
        throw TencentError(
          TencentError.tagTooLong, "A tag has more than \(tagBytes) bytes.")
      }
      guard seen.insert(Label(unchecked: tag)).inserted else {
        throw TencentError(TencentError.repeatedTag, "A tag comes twice.")
      }
    }
    guard !items.isEmpty else { throw TencentError(TencentError.emptyTag, "There is no tag.") }
    return items
  }

  /// Attributes with their values.
  static func attributes(_ json: JSON) throws(TencentError) -> JSON {
    guard let members = json.members, !members.isEmpty, members.count <= attributeNames,
      members.allSatisfy({ member in
        let bytes = 1...tagBytes
        return bytes ~= member.key.utf8.count && bytes ~= (member.value.string ?? "").utf8.count
      })
    else {
      throw TencentError(
        TencentError.badAttribute,
        "Attributes must be an Object of 1 to \(attributeNames) names with Strings, each of 1 to "
          + "\(tagBytes) bytes.")
    }
    return json
  }

  /// `Status` is 0 before it began, 1 while it is sent, 2 when it is sent to all.
  private func report(_ call: TencentCall) async throws -> JSON {
    let ids = try call.body.array("TaskIds", TencentError.badFormat) ?? []
    guard 1...Self.reportsPerQuestion ~= ids.count else {
      throw TencentError(
        TencentError.badFormat,
        "TaskIds has \(ids.count) entries; 1 to \(Self.reportsPerQuestion) are taken.")
    }
    var values = PostgresParameters()
    values.add(call.app.rawValue)
    values.add(array: ids.compactMap(\.string))
    let rows = try await pool.query(
      """
      select broadcast_id, state, extract(epoch from started_at)::bigint, recipients, total
      from pushledger.broadcasts where app = $1 and broadcast_id = any ($2::text[])
      order by position
      """, values)
    let states = ["waiting": 0, "running": 1, "finished": 2]
    let reports = try rows.map { row in
      JSON.object([
        .init("TaskId", .string(try row.get(0))),
        .init("Status", .integer(states[try row.get(1)] ?? 0)),
        .init("StartTime", .integer(try row.get(2, as: Int64.self))),
        .init("Finished", .integer(try row.get(3, as: Int64.self))),
        .init("Total", .integer(try row.get(4, as: Int64.self))),
      ])
    }
    return TencentAnswer.ok(["Reports": .array(reports)])
  }
}
