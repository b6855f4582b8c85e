import Ledger
import Hummingbird
import Projections
import Providers
import PushCore

/// `GET /v1/messages/{id}/explanation`: why it rang for somebody, or did not.
struct ExplainMessage: Sendable {
  let explainer: Explainer
  let reading: Reading

  static let content = QueryParameter(
    name: "content", form: .bool,
    detail: "Whether to answer what was written as well; it is left out unless asked for.")

  var route: Route {
    Route(
      .get, "/v1/messages/{id}/explanation", .read,
      Operation(
        id: "explainMessage",
        summary: "Explain why a message was pushed to a device, or was not",
        detail: """
          Decides anew from the ledger, and lays beside it what was sent and what came back: for \
          each recipient and device what was known, the rule that decided, every attempt in the \
          provider's words, how long each step took, and what that proves. Waits, up to 5 seconds, \
          until the message shows in the projection.
          """,
        query: [
          .atLeast,
          QueryParameter(
            name: "user", form: .text(maxBytes: Limits.idBytes), detail: "Only this user."),
          QueryParameter(
            name: "device", form: .text(maxBytes: Limits.idBytes),
            detail: "Only this device of the user; of a message to one user, the recipient's."),
          QueryParameter(
            name: "limit", form: .integer(1...Int64(Explainer.maximumRecipients)),
            detail: "Recipients of a message to many; those first whom no provider took a push for."
          ),
          Self.content,
        ],
        answer: .init(schema: "Explanation"),
        problems: [.messageUnknown, .archived, .projectionBehind])
    ) { call in try await serve(call) }
  }

  private func serve(_ call: APICall) async throws -> Response {
    let question = try Self.question(call)
    try await reading.awaitPosition(call)
    do {
      var explanation = try await explainer.explain(question, of: call.app)
      if let early = explanation, !early.message.isProjected {
        try await reading.awaitPosition(early.message.position, of: call.app)
        explanation = try await explainer.explain(question, of: call.app)
      }
      guard let explanation else { throw try await reading.unknownMessage(of: call.app) }
      return .json(explanation.advised(by: ProviderRegistry.advice(for:_:)).json)
    } catch ExplainError.archived(let message) {
      throw Problem(message)
    } catch ExplainError.deviceWithoutUser {
      throw FieldError(
        .missing, "user", "is missing; the message went to a group: name whose device it is.")
    }
  }

  private static func question(_ call: APICall) throws -> Explainer.Question {
    let most = Int64(Explainer.maximumRecipients)
    return Explainer.Question(
      try call.id("id"),
      user: try call.query.text("user").map { text throws(FieldError) in
        try UserID(validating: text, field: "user")
      },
      device: try call.query.text("device").map { text throws(FieldError) in
        try DeviceID(validating: text, field: "device")
      },
      limit: Int(
        try call.query.integer("limit", in: 1...most) ?? Int64(Explainer.usualRecipients)),
      showsContent: try call.query.bool(content.name) ?? false)
  }
}
