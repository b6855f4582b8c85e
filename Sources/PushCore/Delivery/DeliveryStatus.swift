public import Foundation

/// Where a delivery stands. It only ever moves to a status of a higher rank, so the order in which
/// a call-off and a late answer are folded does not matter: what was accepted stays accepted.
public enum DeliveryStatus: String, Sendable, Hashable, CaseIterable {
  case suppressed
  case due
  case cancelled
  case expired
  case rejected
  case tokenInvalid = "token_invalid"
  case accepted

  /// The same numbers as in `pushledger.status_rank`.
  public var rank: Int {
    switch self {
    case .suppressed, .due: 0
    case .cancelled: 1
    case .expired, .rejected, .tokenInvalid: 2
    case .accepted: 3
    }
  }

  /// The status that an attempt's outcome leads to.
  public init(after outcome: AttemptOutcome) {
    switch outcome {
    case .accepted: self = .accepted
    case .rejected: self = .rejected
    case .tokenInvalid: self = .tokenInvalid
    case .expired: self = .expired
    case .retry, .unknown: self = .due
    }
  }

  /// Whether an order may have it sent again: it ended, and no provider took it.
  public var canBeRetried: Bool {
    switch self {
    case .cancelled, .expired, .rejected, .tokenInvalid: true
    case .suppressed, .due, .accepted: false
    }
  }

  public func moved(to next: DeliveryStatus) -> DeliveryStatus {
    next.rank > rank ? next : self
  }
}

/// The deliveries of a ledger, folded in memory: what the projection's table must equal.
public struct DeliveryFold: Sendable {
  public struct Delivery: Sendable, Equatable {
    public var message: MessageID
    public var position: Position
    public var conversation: ConversationKey
    public var user: UserID
    public var device: DeviceID
    /// Through which it goes, or was to go last.
    public var provider: ProviderName
    public var badge: Int64
    public var status: DeliveryStatus
    public var reason: String?
    public var attempts: Int64
  }

  public let app: AppID
  public private(set) var deliveries: [UUID: Delivery] = [:]
  private var byUser: [UserID: Set<UUID>] = [:]
  private var byMessage: [MessageID: [UUID]] = [:]

  public init(app: AppID) { self.app = app }

  public mutating func apply(_ output: FoldOutput) {
    switch output {
    case .decided(let decided): insert(decided)
    case .cancelled(let cancellation): cancel(cancellation)
    case .attempted(let attempt, _, _, let next): record(attempt, next)
    case .delivered, .opened, .notShown: break
    case .ordered(let order): carryOut(order)
    }
  }

  private mutating func carryOut(_ order: DeliveryOrder) {
    guard var delivery = deliveries[order.deliveryID], delivery.position == order.message,
      delivery.user == order.user, delivery.device == order.device, order.message < order.position
    else { return }
    switch order.kind {
    case .cancel:
      guard delivery.status == .due else { return }
      delivery.status = .cancelled
      delivery.reason = CancellationReason.operator.rawValue
    case .retry:
      guard delivery.status.canBeRetried else { return }
      delivery.status = .due
      delivery.reason = nil
    }
    deliveries[order.deliveryID] = delivery
  }

  private mutating func insert(_ decided: MessageDecisions) {
    guard let kept = decided.state else { return }
    for decision in decided.decisions {
      guard case .push(let push) = decision.verdict, let device = decision.device else {
        continue
      }
      let id = DeliveryID.make(
        app: app, message: kept.id, user: decision.user, device: device)
      deliveries[id] = Delivery(
        message: kept.id, position: kept.position, conversation: kept.conversation,
        user: decision.user, device: device, provider: push.provider, badge: push.badge,
        status: .due, attempts: 0)
      byUser[decision.user, default: []].insert(id)
      byMessage[kept.id, default: []].append(id)
    }
  }

  private mutating func cancel(_ cancellation: Cancellation) {
    let candidates: [UUID]
    switch cancellation.scope {
    case .device(let user, _), .read(let user, _, _): candidates = Array(byUser[user] ?? [])
    case .message(let id, _): candidates = byMessage[id] ?? []
    case .erased(let positions):
      let erased = Set(positions)
      candidates = deliveries.filter { erased.contains($0.value.position) }.map(\.key)
    }
    for id in candidates {
      guard let delivery = deliveries[id], delivery.status == .due,
        concerns(cancellation.scope, delivery)
      else { continue }
      deliveries[id]?.status = .cancelled
      deliveries[id]?.reason = cancellation.reason.rawValue
    }
  }

  private func concerns(_ scope: Cancellation.Scope, _ delivery: Delivery) -> Bool {
    switch scope {
    case .device(_, let device): delivery.device == device
    case .read(_, let key, let position):
      delivery.conversation == key && delivery.position <= position
    case .message, .erased: true
    }
  }

  private mutating func record(_ attempt: PushAttempt, _ next: ProviderName?) {
    guard var delivery = deliveries[attempt.deliveryID] else { return }
    if let next, delivery.provider == attempt.provider { delivery.provider = next }
    let status =
      next == nil
      ? delivery.status.moved(to: DeliveryStatus(after: attempt.outcome)) : delivery.status
    if status != delivery.status { delivery.reason = attempt.reason }
    delivery.status = status
    delivery.attempts = max(delivery.attempts, attempt.attempt)
    deliveries[attempt.deliveryID] = delivery
  }
}
