import Hummingbird
import Ledger
import PushCore

/// `/v1/groups/{group}`: its name and its members.
struct GroupRoutes: Sendable {
  let writer: LedgerWriter

  var routes: [Route] { [update, add, remove] }

  static let updateFields: Set<String> = ["name", "kind", "occurred_at"]
  static let memberNames = ["receive", "name_card"]
  static let memberFields = Set(memberNames + ["occurred_at"])

  static let path = "/v1/groups/{group}"

  private var update: Route {
    Route(
      .put, Self.path, .send,
      Operation(
        id: "updateGroup", summary: "Say what is true of a group",
        detail: "What is left out stays as it is; null clears the name.",
        query: [.expectedPosition], body: .init(schema: "GroupUpdate"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let group = try call.group()
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.updateFields)
        let personal = fields.givenOrNull(["name"])
        return try await writer.write(
          .groupUpdated, occurredAt: try fields.timestamp("occurred_at"),
          data: .object([.init("group", JSON(group))] + fields.given(["kind"])),
          content: personal.isEmpty ? nil : .object(personal), for: call)
      }
    }
  }

  private var add: Route {
    Route(
      .put, Self.path + "/members/{user}", .send,
      Operation(
        id: "addMember", summary: "Add a member to a group, or change what they want to hear",
        detail: """
          A new member starts with nothing unread. Of one who is there, what is left out stays as \
          it is.
          """,
        query: [.expectedPosition], body: .init(schema: "Member"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let names = try names(call)
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.memberFields)
        let (data, content) = Self.member(names, fields)
        return try await writer.write(
          .memberAdded, occurredAt: try fields.timestamp("occurred_at"), data: data,
          content: content, for: call)
      }
    }
  }

  private var remove: Route {
    Route(
      .delete, Self.path + "/members/{user}", .send,
      Operation(
        id: "removeMember", summary: "Remove a member from a group", query: [.expectedPosition],
        answer: .accepted(), problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      try await writer.write(.memberRemoved, data: .object(try names(call)), for: call)
    }
  }

  private func names(_ call: APICall) throws(FieldError) -> [JSON.Member] {
    [.init("group", JSON(try call.group())), .init("user", JSON(try call.user()))]
  }

  /// The event's parts for one member.
  static func member(_ names: [JSON.Member], _ fields: Fields) -> (data: JSON, content: JSON?) {
    let personal = fields.givenOrNull(["name_card"])
    return (
      .object(names + fields.given(["receive"])), personal.isEmpty ? nil : .object(personal)
    )
  }
}
