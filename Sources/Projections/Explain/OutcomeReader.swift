import Ledger
import Postgres
import PushCore

import struct Foundation.UUID

/// Reads what became of decisions: deliveries, attempts, and what called them off.
struct OutcomeReader {
  /// Attempts of one explanation at most; a delivery has a few.
  static let attemptsLimit: Int64 = 10_000

  let app: AppID
  let connection: PostgresConnection
  let sent: SentMessage

  private struct Place: Hashable {
    var user: UserID
    var device: DeviceID?
  }

  /// - Parameters:
  ///   - device: The only one that decisions are wanted of; nil: all.
  ///   - isCounted: Whether suppressed decisions of the message have no rows.
  func add(
    to recipients: inout [ExplainedRecipient], device: DeviceID?, isCounted: Bool
  ) async throws {
    var deliveries = try await deliveries(of: recipients.map(\.user))
    let attempts = try await attempts(of: deliveries.values.map(\.id))
    let isWhole = attempts.values.reduce(0) { $0 + $1.count } < Self.attemptsLimit
    let retries =
      deliveries.values.contains { $0.isRerouted } ? try await retries() : [:]
    for index in recipients.indices {
      let user = recipients[index].user
      for place in recipients[index].decisions.indices {
        var decision = recipients[index].decisions[place]
        let delivery = deliveries.removeValue(
          forKey: Place(user: user, device: decision.device))
        decision.delivery = delivery
        decision.attempts = delivery.flatMap { attempts[$0.id] } ?? []
        decision.retries = delivery.flatMap { retries[$0.id] } ?? []
        decision.disagreements =
          sent.message.onlineOnly
          ? [] : Self.disagreements(decision, isCounted: isCounted, hasAllAttempts: isWhole)
        if let delivery, delivery.status == .cancelled {
          decision.calledOff = try await CallOffReader(
            app: app, connection: connection, sent: sent
          ).callOff(of: delivery, user, decision.device)
        }
        if let delivery, delivery.status == .tokenInvalid, let device = decision.device {
          decision.tokenDeath = try await TokenDeathReader(
            app: app, connection: connection, sent: sent
          ).death(of: delivery.id, user, device)
        }
        recipients[index].decisions[place] = decision
      }
      guard device == nil else { continue }
      for place in deliveries.keys where place.user == user {
        recipients[index].strayDeliveries.append(place.device)
      }
    }
  }

  /// What a row holds that is not what the fold decides.
  private static func disagreements(
    _ decision: ExplainedDecision, isCounted: Bool, hasAllAttempts: Bool
  ) -> [String] {
    guard let delivery = decision.delivery else {
      if case .suppressed = decision.verdict, isCounted { return [] }
      return ["the projection has no row for it"]
    }
    switch decision.verdict {
    case .suppressed(let reason):
      if delivery.status == .suppressed, delivery.reason == reason.rawValue { return [] }
      return [
        "decided anew it is suppressed, \(reason.rawValue); the projection holds "
          + "\(delivery.status.rawValue)\(delivery.reason.map { ", " + $0 } ?? "")"
      ]
    case .push(let push):
      guard delivery.status != .suppressed else {
        return [
          "decided anew it is a push; the projection holds suppressed, \(delivery.reason ?? "")"
        ]
      }
      var found: [String] = []
      if delivery.badge != push.badge {
        found.append(
          "decided anew the badge is \(push.badge); the projection holds "
            + (delivery.badge.map(String.init) ?? "none"))
      }
      if delivery.sound != push.sound {
        found.append("the sound differs from the one that the projection holds")
      }
      if !delivery.isRerouted, delivery.provider != push.provider {
        found.append(
          "decided anew it goes by \(push.provider.rawValue); the projection holds "
            + (delivery.provider?.rawValue ?? "none"))
      }
      let outcomes = decision.attempts.compactMap(\.outcome)
      // Such an end is an attempt's.
      if hasAllAttempts, [.accepted, .rejected, .tokenInvalid].contains(delivery.status),
        let last = outcomes.last,
        !outcomes.contains(where: { DeliveryStatus(after: $0) == delivery.status })
      {
        found.append(
          "no attempt ended so: the last one's outcome is \(last.rawValue); the projection holds "
            + delivery.status.rawValue)
      }
      return found
    }
  }

  private func deliveries(of users: [UserID]) async throws -> [Place: ExplainedDelivery] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(sent.event.position)
    values.add(array: users.map(\.rawValue))
    let rows = try await connection.query(
      """
      select d.user_id, d.device_id, d.delivery_id, d.status, d.reason, d.provider, d.badge,
        d.sound, d.decided_at, d.ended_at, d.delivered_at, d.opened_at, d.not_shown_at,
        d.not_shown_reason, d.due_position is not null
      from unnest($3::text[]) as wanted (user_id)
      cross join lateral (
        select * from pushledger.deliveries d
        where d.app = $1 and d.user_id = wanted.user_id and d.position = $2 offset 0) d
      """, values)
    var found: [Place: ExplainedDelivery] = [:]
    for row in rows {
      let place = Place(
        user: UserID(unchecked: try row.get(0)),
        device: try row.optional(1, as: String.self).map(DeviceID.init(unchecked:)))
      found[place] = ExplainedDelivery(
        id: try row.get(2), status: DeliveryStatus(rawValue: try row.get(3)) ?? .due,
        reason: try row.optional(4),
        provider: try row.optional(5, as: String.self).flatMap(ProviderName.init(rawValue:)),
        badge: try row.optional(6), sound: try row.optional(7), decidedAt: try row.timestamp(8),
        endedAt: try row.optionalTimestamp(9), deliveredAt: try row.optionalTimestamp(10),
        openedAt: try row.optionalTimestamp(11), notShownAt: try row.optionalTimestamp(12),
        notShownReason: try row.optional(13), isRerouted: try row.get(14))
    }
    return found
  }

  /// Orders to send deliveries of the message again.
  private func retries() async throws -> [UUID: [ExplainedRetry]] {
    let rows = try await connection.query(
      """
      select position, type, occurred_at, recorded_at, data, content from pushledger.events
      where app = $1 and stream = $2 and type = 'push.retried' order by position limit $3
      """,
      [app.rawValue, StreamName.message(sent.message.id).rawValue, Self.attemptsLimit])
    var found: [UUID: [ExplainedRetry]] = [:]
    for event in try rows.compactMap({ try HistoryEvent($0) }) {
      guard case .pushRetried(let order) = event.body else { continue }
      found[order.deliveryID, default: []].append(
        ExplainedRetry(event: Since(event), by: order.by, reason: order.reason))
    }
    return found
  }

  private func attempts(of ids: [UUID]) async throws -> [UUID: [ExplainedAttempt]] {
    var values = PostgresParameters()
    values.add(app.rawValue)
    values.add(array: ids)
    values.add(Self.attemptsLimit)
    let rows = try await connection.query(
      """
      select a.delivery_id, a.position, a.attempt, a.provider, a.outcome, a.status, a.reason,
        a.provider_message_id, a.started_at, a.finished_at, a.retry_at, a.dispatcher, a.fenced
      from unnest($2::uuid[]) as wanted (delivery_id)
      cross join lateral (
        select * from pushledger.attempts a
        where a.app = $1 and a.delivery_id = wanted.delivery_id offset 0) a
      order by a.position limit $3
      """, values)
    var found: [UUID: [ExplainedAttempt]] = [:]
    for row in rows {
      found[try row.get(0), default: []].append(
        ExplainedAttempt(
          position: try row.get(1), number: Int64(try row.get(2, as: Int32.self)),
          provider: ProviderName(rawValue: try row.get(3)),
          outcome: AttemptOutcome(rawValue: try row.get(4)),
          status: try row.optional(5, as: Int32.self).map(Int64.init),
          reason: try row.optional(6), providerMessageID: try row.optional(7),
          startedAt: try row.timestamp(8), finishedAt: try row.timestamp(9),
          retryAt: try row.optionalTimestamp(10), dispatcher: try row.optional(11),
          isFenced: try row.get(12)))
    }
    return found
  }
}
