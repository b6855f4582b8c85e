import Ledger
import PushCore

/// Who wants to read a subscription, as the query of `GET /v1/events` says it.
struct SubscriptionReader: Sendable {
  let name: SubscriptionName
  let consumer: String
  let seconds: Int64

  /// - Returns: Nil where no subscription is named.
  /// - Throws: ``FieldError`` naming the parameter.
  init?(_ call: APICall) throws(FieldError) {
    let query = call.query
    guard let name = query.text("subscription") else {
      for other in ["consumer", QueryParameter.leaseSeconds.name] where query.text(other) != nil {
        throw FieldError(.missing, "subscription", "is missing beside \(other); name one.")
      }
      return nil
    }
    for other in ["after", "stream"] where query.text(other) != nil {
      throw FieldError(
        .unknownField, other,
        "does not go with subscription, which says itself what is given and after what.")
    }
    guard let consumer = query.text("consumer") else {
      throw FieldError(
        .missing, "consumer", "is missing beside subscription; say who reads, such as worker-1.")
    }
    self.name = try SubscriptionName(validating: name, field: "subscription")
    self.consumer = try SubscriptionName.checked(consumer, field: "consumer")
    seconds =
      try query.integer(QueryParameter.leaseSeconds.name, in: Subscriptions.leaseSeconds)
      ?? Subscriptions.usualLeaseSeconds
  }

  func take(
    _ subscriptions: Subscriptions, of app: AppID
  ) async throws -> SubscriptionLease {
    try await subscriptions.take(name, of: app, for: consumer, seconds: seconds)
  }
}

extension QueryParameter {
  static let leaseSeconds = QueryParameter(
    name: "lease_seconds", form: .integer(Subscriptions.leaseSeconds),
    detail: "With subscription, for how long nobody else is let in: "
      + "\(Subscriptions.usualLeaseSeconds) unless it is given.")
}
