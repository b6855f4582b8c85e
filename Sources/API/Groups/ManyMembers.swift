import Hummingbird
import Ledger
import PushCore

import struct Foundation.UUID

/// `POST /v1/groups/{group}/members`: many members added and removed at once.
struct ManyMembers: Sendable {
  let writer: LedgerWriter

  static let fields: Set<String> = ["add", "remove", "occurred_at"]
  static let memberFields: Set<String> = ["user", "receive", "name_card"]

  var route: Route {
    Route(
      .post, GroupRoutes.path + "/members", .send,
      Operation(
        id: "changeMembers", summary: "Add and remove up to 1,000 members of a group at once",
        detail: "All or none. Those removed come first.", query: [.expectedPosition],
        body: .init(schema: "MemberChanges", maxBytes: APILimits.manyBytes),
        answer: .accepted("WrittenMany"), problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let group = try call.group()
      return try await call.withFields { fields in
        let events = try events(group, fields, call)
        let next = try call.eventIDs(events.count + 1)[events.count]
        try await writer.refuseReusedKey(before: events, next: next, call)
        let appended = try await writer.append(events, for: call, to: .group(group))
        return LedgerWriter.answer(appended)
      }
    }
  }

  private func events(
    _ group: GroupID, _ fields: Fields, _ call: APICall
  ) throws(FieldError) -> [NewEvent] {
    try fields.refuse(otherThan: Self.fields)
    let occurredAt = try fields.timestamp("occurred_at") ?? call.now
    let most = APILimits.itemsPerRequest
    let added = try fields.array("add", max: most) ?? []
    let removed: [UserID] = try fields.ids("remove", max: most) ?? []
    guard (1...most).contains(added.count + removed.count) else {
      throw FieldError(
        added.count + removed.count == 0 ? .missing : .tooLong, "add",
        "and remove name \(added.count + removed.count) members; name 1 to \(most).")
    }
    let ids = try call.eventIDs(added.count + removed.count)
    var events: [NewEvent] = []
    for (user, id) in zip(removed, ids) {
      events.append(
        try FieldNames.plain.door(
          id: id, type: .memberRemoved, occurredAt: occurredAt,
          data: ["group": JSON(group), "user": JSON(user)], content: nil))
    }
    for (index, (member, id)) in zip(added, ids[removed.count...]).enumerated() {
      do throws(FieldError) {
        events.append(try addition(member, id, group, occurredAt))
      } catch {
        throw error.inside("add[\(index)]")
      }
    }
    return events
  }

  private func addition(
    _ json: JSON, _ id: UUID, _ group: GroupID, _ occurredAt: Timestamp
  ) throws(FieldError) -> NewEvent {
    let fields = try Fields(json)
    try fields.refuse(otherThan: Self.memberFields)
    let user: UserID = try fields.requiredID("user")
    let (data, content) = GroupRoutes.member(
      [.init("group", JSON(group)), .init("user", JSON(user))], fields)
    return try FieldNames.plain.door(
      id: id, type: .memberAdded, occurredAt: occurredAt, data: data, content: content)
  }
}
