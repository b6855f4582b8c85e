import Hummingbird
import Ledger
import PushCore

/// `/v1/subscriptions`: places in the app's ledger that are kept for those who follow it.
struct SubscriptionRoutes: Sendable {
  let subscriptions: Subscriptions

  static let path = "/v1/subscriptions"
  static let fields: Set<String> = ["types", "after"]
  static let acknowledgementFields: Set<String> = ["position", "lease", "lease_seconds", "release"]
  /// What `after` may be beside a position.
  private static let headWord = "head"

  var routes: [Route] { [create, list, acknowledge, delete] }

  private var create: Route {
    Route(
      .put, Self.path + "/{name}", .admin,
      Operation(
        id: "createSubscription", summary: "Create a subscription of the app's events",
        detail: """
          An app has at most \(Subscriptions.perApp). The same request again changes nothing; \
          another one under a known name is refused. Read it with `GET /v1/events?subscription=`.
          """,
        body: .init(schema: "SubscriptionCreation"), answer: .init(schema: "Subscription"),
        problems: [.subscriptionDiffers, .tooManySubscriptions, .archived])
    ) { call in
      let name = try name(call)
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.fields)
        let types = try Self.types(fields)
        _ = try await subscriptions.create(
          name, of: call.app, types: types, after: try Self.after(fields))
        return .json(try await subscriptions.subscription(name, of: call.app).json)
      }
    }
  }

  private var list: Route {
    Route(
      .get, Self.path, .read,
      Operation(
        id: "listSubscriptions", summary: "List the app's subscriptions and how far each is",
        answer: .init(schema: "Subscriptions"))
    ) { call in
      let found = try await subscriptions.list(of: call.app)
      return .json(["items": .array(found.map(\.json))])
    }
  }

  private var acknowledge: Route {
    Route(
      .post, Self.path + "/{name}/acknowledgements", .read,
      Operation(
        id: "acknowledgeEvents", summary: "Say that a subscription's events are done",
        detail: """
          Everything up to `position` is acknowledged and does not come again. The position must \
          have been given under this lease. The same one again changes nothing.
          """,
        body: .init(schema: "EventsAcknowledgement"), answer: .init(schema: "Subscription"),
        problems: [.subscriptionUnknown, .leaseLost, .acknowledgementRefused])
    ) { call in
      let name = try name(call)
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.acknowledgementFields)
        let position = try fields.required("position") { key throws(FieldError) in
          try fields.integer(key, in: 0...Int64.max)
        }
        let lease = try fields.required("lease") { key throws(FieldError) in
          try fields.integer(key, in: 0...Int64.max)
        }
        let seconds = try fields.integer("lease_seconds", in: Subscriptions.leaseSeconds)
        let known = try await subscriptions.acknowledge(
          position, name, of: call.app, lease: lease,
          seconds: seconds ?? Subscriptions.usualLeaseSeconds,
          releases: try fields.bool("release") ?? false)
        return .json(known.json)
      }
    }
  }

  private var delete: Route {
    Route(
      .delete, Self.path + "/{name}", .admin,
      Operation(
        id: "deleteSubscription", summary: "Delete a subscription, and answer what it was",
        answer: .init(schema: "Subscription"), problems: [.subscriptionUnknown])
    ) { call in
      let name = try name(call)
      let known = try await subscriptions.subscription(name, of: call.app)
      try await subscriptions.delete(name, of: call.app)
      return .json(known.json)
    }
  }

  // MARK: Reading requests

  private func name(_ call: APICall) throws(FieldError) -> SubscriptionName {
    try SubscriptionName(validating: call.pathValues.first ?? "", field: "name")
  }

  private static func types(_ fields: Fields) throws(FieldError) -> [EventType]? {
    guard let values = try fields.array("types", max: EventType.allCases.count) else { return nil }
    guard !values.isEmpty else {
      throw FieldError(.tooShort, "types", "is empty; leave it out to be given all types.")
    }
    var types: [EventType] = []
    for (index, value) in values.enumerated() {
      guard let text = value.string, let type = EventType(rawValue: text) else {
        throw FieldError(
          .unknownValue, "types[\(index)]",
          "is \(value.string.map { FieldError.shown($0) } ?? value.kind), which is no type of event."
        )
      }
      if !types.contains(type) { types.append(type) }
    }
    return types
  }

  /// - Returns: Nil for the ledger's end; 0 where nothing is said.
  private static func after(_ fields: Fields) throws(FieldError) -> Position? {
    if fields["after"]?.string == headWord { return nil }
    guard case .string? = fields["after"] else {
      return try fields.integer("after", in: 0...Int64.max) ?? 0
    }
    throw FieldError(
      .unknownValue, "after", "is a string that is not \"\(headWord)\"; give that or a position.")
  }
}

extension Subscription {
  var json: JSON {
    .object(present: [
      ("name", .string(name.rawValue)),
      ("types", types.map { .array($0.map { .string($0.rawValue) }) }),
      ("started_after", .integer(startedAfter)), ("position", .integer(position)),
      ("handed_out", .integer(handedOut)), ("head", .integer(head)),
      ("lag_events", .integer(lagEvents)), ("lag_seconds", .number(String(lagSeconds))),
      ("consumer", holder.map { .string($0.consumer) }),
      ("leased_until", holder.map { .string($0.until.description) }),
      ("created_at", .string(createdAt.description)),
    ])
  }
}

extension Problem {
  /// Why a subscription cannot be used as wanted.
  init(_ error: SubscriptionError) {
    switch error {
    case .unknown(let name):
      self.init(
        .subscriptionUnknown,
        "The app has no subscription \(name). Create it with PUT /v1/subscriptions/\(name).")
    case .differs(let name):
      self.init(
        .subscriptionDiffers,
        "The subscription \(name) is there, with other types or another beginning. Use it as it is, "
          + "or delete it first.")
    case .full:
      self.init(
        .tooManySubscriptions,
        "The app has \(Subscriptions.perApp) subscriptions, which is the most. Delete one.")
    case .beyondHead(let name):
      self.init(
        FieldError(
          .outOfRange, "after",
          "is beyond the end of the ledger; begin \(name) with \"head\" or a position it has."))
    case .held(let name, let holder):
      self.init(
        .subscriptionHeld,
        "\(holder.consumer) reads the subscription \(name) until \(holder.until). Try again then.",
        members: [
          .init("consumer", .string(holder.consumer)),
          .init("leased_until", .string(holder.until.description)),
        ])
    case .leaseLost(let name, let lease, let now):
      self.init(
        .leaseLost,
        "Lease \(lease) of the subscription \(name) is over, now it is \(now). Read again: what was "
          + "not acknowledged comes again.",
        members: [.init("lease", .integer(now))])
    case .acknowledgedFurther(let position, let acknowledged):
      self.init(
        .acknowledgementRefused,
        "Position \(position) cannot be acknowledged: \(acknowledged) was already, and nothing goes "
          + "back. Go on after \(acknowledged).",
        field: "position", members: [.init("position", .integer(acknowledged))])
    case .notHandedOut(let position, let handedOut):
      self.init(
        .acknowledgementRefused,
        "Position \(position) cannot be acknowledged: events up to \(handedOut) were given under "
          + "this lease. Acknowledge only what came.",
        field: "position", members: [.init("handed_out", .integer(handedOut))])
    }
  }
}
