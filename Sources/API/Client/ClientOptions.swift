import Hummingbird
import Ledger
import PushCore

/// `/v1/me`: what a user of Tencent IM wants to hear, of whom, and when.
struct ClientOptions: Sendable {
  static let usersPerRequest = 30
  private static let day: Int64 = 86_400

  let writer: LedgerWriter

  var routes: [Route] { [peers, group, quiet] }

  static let peersFields: Set<String> = ["users", "receive", "occurred_at"]
  static let quietFields: Set<String> = [
    "receive", "from", "duration_seconds", "time_zone", "occurred_at",
  ]

  private var peers: Route {
    .signed(
      .put, "/v1/me/conversations",
      Operation(
        id: "setMyReceiveOptions", summary: "Say what you want to hear of some users",
        detail: """
          At most \(Self.usersPerRequest) at once. `notify` is Tencent's option 0, `reject` 1, \
          `silent` 2. Tencent: setC2CReceiveMessageOpt.
          """,
        body: .init(schema: "ReceiveOptions"), answer: .accepted("WrittenMany"),
        problems: [.idReused], takesKey: true)
    ) { call in
      let user = try call.user()
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.peersFields)
        let peers: [UserID] =
          try fields.required("users") { key throws(FieldError) in
            try fields.ids(key, max: Self.usersPerRequest)
          }
        guard !peers.isEmpty else { throw FieldError(.tooShort, "users", "names nobody.") }
        let time = try fields.timestamp("occurred_at") ?? call.now
        let ids = try call.eventIDs(peers.count)
        let events = try zip(peers, ids).map { peer, id in
          try FieldNames.plain.door(
            id: id, type: .conversationReceiveChanged, occurredAt: time,
            data: .object(
              [.init("user", JSON(user)), .init("conversation", ["user": JSON(peer)])]
                + fields.given(["receive"])), content: nil)
        }
        let next = try call.eventIDs(events.count + 1)[events.count]
        try await writer.refuseReusedKey(before: events, next: next, call)
        let appended = try await writer.append(events, for: call, to: nil)
        return LedgerWriter.answer(appended)
      }
    }
  }

  private var group: Route {
    .signed(
      .put, "/v1/me/groups/{group}",
      Operation(
        id: "setMyGroupOption", summary: "Say what you want to hear of a group you are in",
        detail: """
          `mentions` is Tencent's option 3, push only when mentioned; 4, the same for a topic, is \
          taken for it. Tencent: setGroupReceiveMessageOpt.
          """,
        body: .init(schema: "ReceiveChange"), answer: .accepted(), problems: [.idReused],
        takesKey: true)
    ) { call in
      let names: [JSON.Member] = [
        .init("group", JSON(try call.group())), .init("user", JSON(try call.user())),
      ]
      return try await call.withFields { fields in
        try fields.refuse(otherThan: UserRoutes.receiveFields)
        return try await writer.write(
          .groupReceiveChanged, occurredAt: try fields.timestamp("occurred_at"),
          data: .object(names + fields.given(["receive"])), for: call)
      }
    }
  }

  private var quiet: Route {
    .signed(
      .put, "/v1/me/quiet-time",
      Operation(
        id: "setMyQuietTime", summary: "Say when nothing is to ring, every day",
        detail: """
          `silent` begins at `from` and lasts `duration_seconds`, a day (86,400) at most; \
          `notify` ends it. Messages come all the same. Tencent: setAllReceiveMessageOpt (opt \
          2 or 0, startHour, startMinute, startSecond, duration).
          """,
        body: .init(schema: "QuietTime"), answer: .accepted(), problems: [.idReused],
        takesKey: true)
    ) { call in
      let user = try call.user()
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.quietFields)
        return try await writer.write(
          .userUpdated, occurredAt: try fields.timestamp("occurred_at"),
          data: ["user": JSON(user), "quiet_hours": try Self.quietHours(fields)],
          renamed: FieldNames(names: ["quiet_hours.time_zone": "time_zone"]), for: call)
      }
    }
  }

  /// `from` and a duration as the ledger keeps them: from and to.
  private static func quietHours(_ fields: Fields) throws(FieldError) -> JSON {
    let receive: ReceiveOption = try fields.requiredChoice("receive")
    guard receive == .notify || receive == .silent else {
      throw FieldError(
        .unknownValue, "receive", "is \(receive.rawValue); notify or silent is expected.")
    }
    if receive == .notify { return .null }
    let from = try fields.required("from") { key throws(FieldError) in
      try fields.timeOfDay(key)
    }
    let duration = try fields.required("duration_seconds") { key throws(FieldError) in
      try fields.integer(key, in: 0...day)
    }
    let span = duration == day ? (0, day) : (Int64(from), (Int64(from) + duration) % day)
    return .object(
      [.init("from", .string(text(span.0))), .init("to", .string(text(span.1)))]
        + fields.given(["time_zone"]))
  }

  private static func text(_ seconds: Int64) -> String {
    let parts = [seconds / 3_600, seconds / 60 % 60, seconds % 60]
    return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
