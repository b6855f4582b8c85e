import Hummingbird
import Ledger
import Projections
import PushCore

/// `/v1/users/{user}`: what is known of a user, what they read, what is unread.
struct UserRoutes: Sendable {
  let writer: LedgerWriter
  let reading: Reading

  var routes: [Route] { [update, read, unread, receive] }

  static let updateFields: Set<String> = [
    "nickname", "quiet_hours", "muted_until", "badge", "occurred_at",
  ]
  static let readFields: Set<String> = [
    "conversation", "up_to", "up_to_position", "occurred_at",
  ]
  static let receiveFields: Set<String> = ["receive", "occurred_at"]

  private var update: Route {
    Route(
      .put, "/v1/users/{user}", .send,
      Operation(
        id: "updateUser", summary: "Say what is true of a user: name, quiet hours, badge",
        detail: "What is left out stays as it is; null clears it.", query: [.expectedPosition],
        body: .init(schema: "UserUpdate"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let user = try call.user()
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.updateFields)
        try fields.refuse(in: "quiet_hours", otherThan: ["from", "to", "time_zone"])
        let facts = fields.givenOrNull(["quiet_hours", "muted_until", "badge"])
        let personal = fields.givenOrNull(["nickname"])
        return try await writer.write(
          .userUpdated, occurredAt: try fields.timestamp("occurred_at"),
          data: .object([.init("user", JSON(user))] + facts),
          content: personal.isEmpty ? nil : .object(personal), for: call)
      }
    }
  }

  private var read: Route {
    Route(
      .post, "/v1/users/{user}/read", .send,
      Operation(
        id: "readConversation", summary: "Move a user's read mark in a conversation forward",
        query: [.expectedPosition], body: .init(schema: "ReadMark"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let user = try call.user()
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.readFields)
        try fields.refuse(in: "conversation", otherThan: ["user", "group"])
        if fields["up_to"] != nil, fields["up_to_position"] != nil {
          throw FieldError(.badFormat, "up_to", "is given beside up_to_position; give one.")
        }
        let facts = fields.given(["conversation", "up_to", "up_to_position"])
        return try await writer.write(
          .conversationRead, occurredAt: try fields.timestamp("occurred_at"),
          data: .object([.init("user", JSON(user))] + facts), for: call)
      }
    }
  }

  private var receive: Route {
    Route(
      .put, "/v1/users/{user}/conversations/{peer}", .send,
      Operation(
        id: "setReceiveOption",
        summary: "Say what a user wants to hear of another: a one-to-one mute",
        detail: "For a group, PUT the member with another `receive`.", query: [.expectedPosition],
        body: .init(schema: "ReceiveChange"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let user = try call.user()
      let peer: UserID = try call.id("peer")
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.receiveFields)
        return try await writer.write(
          .conversationReceiveChanged, occurredAt: try fields.timestamp("occurred_at"),
          data: .object(
            [.init("user", JSON(user)), .init("conversation", ["user": JSON(peer)])]
              + fields.given(["receive"])),
          for: call)
      }
    }
  }

  private var unread: Route {
    Route(
      .get, "/v1/users/{user}/unread", .read,
      Operation(
        id: "getUnread", summary: "See how much a user has not read",
        query: [.atLeast], answer: .init(schema: "Unread"), problems: [.projectionBehind])
    ) { call in
      let user = try call.user()
      try await reading.awaitPosition(call)
      let report = try await reading.projection.unread(of: user, in: call.app)
      let conversations = report.conversations.map { conversation in
        JSON.object(present: [
          ("conversation", JSON(conversation.peer)), ("unread", .integer(conversation.unread)),
          ("receive", .string(conversation.receive)),
        ])
      }
      return .json([
        "user": JSON(user), "total": .integer(report.c2c + report.group),
        "c2c": .integer(report.c2c), "group": .integer(report.group),
        "conversations": .array(conversations), "more": .bool(report.hasMore),
      ])
    }
  }
}
