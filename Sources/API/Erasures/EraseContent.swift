import Hummingbird
import Ledger
import PushCore

/// `POST /v1/erasures`: content that goes for good.
struct EraseContent: Sendable {
  static let fields: Set<String> = ["user", "message", "before", "reason", "next"]
  /// How long a request erases before it answers that it is to be sent again.
  static let patience = Duration.seconds(5)

  let eraser: Eraser

  var route: Route {
    Route(
      .post, "/v1/erasures", .admin,
      Operation(
        id: "eraseContent",
        summary: "Erase what a user wrote and is known by, what a message says, or what is old",
        detail: """
          It cannot be brought back. Facts, decisions and the hash chain stay; an event of type \
          `content.erased` says what went. A request erases for some seconds: where `finished` is \
          false, send it again with its `next`, and it goes on. What an archive holds is not reached.
          """,
        body: .init(schema: "Erasure"), answer: .init(schema: "Erased"))
    ) { call in
      try await call.withFields { fields in
        try fields.refuse(otherThan: Self.fields)
        let reason = try fields.string("reason", maxBytes: Limits.reasonBytes)
        let scope = try Self.scope(fields, now: call.now)
        let done = try await eraser.run(
          scope, in: call.app, reason: reason, from: try Self.place(fields, of: scope),
          within: Self.patience)
        return .json(
          .object(present: [
            ("erased", .integer(done.erased)), ("events", .integer(done.events)),
            ("position", done.position.map { .integer($0) }), ("finished", .bool(done.isFinished)),
            ("next", done.isFinished ? nil : .string(done.place.text(of: scope))),
          ]))
      }
    }
  }

  private static func place(
    _ fields: Fields, of scope: Erasure.Scope
  ) throws(FieldError) -> ErasurePlace? {
    guard let text = try fields.string("next", maxBytes: 128) else { return nil }
    guard let place = ErasurePlace(text: text, of: scope) else {
      throw FieldError(
        .badFormat, "next",
        "is none of this erasure; give what the request before answered, or leave it out.")
    }
    return place
  }

  private static func scope(
    _ fields: Fields, now: Timestamp
  ) throws(FieldError) -> Erasure.Scope {
    let names = ["user", "message", "before"]
    guard names.filter({ fields[$0] != nil }).count == 1 else {
      throw FieldError(
        .missing, "user", "must be given, or message, or before: one of the three, and no more.")
    }
    if let user: UserID = try fields.id("user") { return .user(user) }
    if let message: MessageID = try fields.id("message") { return .message(message) }
    let moment = try fields.required("before", fields.timestamp)
    guard moment <= now + Eraser.clockSkew else {
      throw FieldError(
        .outOfRange, "before", "is \(moment), which is to come; give a moment that is past.")
    }
    return .before(moment)
  }
}
