public import struct Foundation.UUID

/// What was decided for a recipient or one of its devices, and what became of it.
public struct ExplainedDecision: Sendable, Equatable {
  /// Nil where it concerns the recipient.
  public var device: DeviceID?
  public var known: KnownDevice?
  public var verdict: Decision.Verdict
  /// The badge of a push; nil where the projection has not come so far that it can be told.
  public var badge: Int64?
  public var rule: Rule
  /// Whether the projection has come to the message.
  public var isProjected = true
  /// What the projection holds; nil where it holds no row for it.
  public var delivery: ExplainedDelivery?
  public var attempts: [ExplainedAttempt]
  public var calledOff: ExplainedCallOff?
  /// Orders to send it again, oldest first.
  public var retries: [ExplainedRetry] = []
  /// What was said of its token, where the provider refused the push because of that.
  public var tokenDeath: ExplainedTokenDeath?
  /// What the projection holds that is not what the fold decides; empty: they agree.
  public var disagreements: [String]

  public init(
    device: DeviceID?, known: KnownDevice?, verdict: Decision.Verdict,
    delivery: ExplainedDelivery? = nil, attempts: [ExplainedAttempt] = [],
    calledOff: ExplainedCallOff? = nil, disagreements: [String] = []
  ) {
    self.device = device
    self.known = known
    self.verdict = verdict
    rule =
      switch verdict {
      case .push: .push
      case .suppressed(let reason): reason.rule
      }
    if case .push(let push) = verdict { badge = push.badge }
    self.delivery = delivery
    self.attempts = attempts
    self.calledOff = calledOff
    self.disagreements = disagreements
  }

  public var status: DeliveryStatus {
    if let delivery { return delivery.status }
    if case .push = verdict { return .due }
    return .suppressed
  }

  public var conclusion: Conclusion {
    guard isProjected else { return .ahead }
    return Conclusion(
      from: DeliveryEvidence(
        status: status, provider: delivery?.provider, lastOutcome: attempts.last?.outcome,
        reason: delivery?.reason, isDelivered: delivery?.deliveredAt != nil,
        isOpened: delivery?.openedAt != nil,
        isNotShown: delivery?.notShownAt != nil))
  }
}

/// Somebody had a delivery sent again that had ended.
public struct ExplainedRetry: Sendable, Equatable {
  public var event: Since
  /// Who, such as the id of an API key.
  public var by: String?
  public var reason: String?

  public init(event: Since, by: String?, reason: String?) {
    self.event = event
    self.by = by
    self.reason = reason
  }
}

/// A delivery as the projection holds it.
public struct ExplainedDelivery: Sendable, Equatable {
  public var id: UUID
  public var status: DeliveryStatus
  public var reason: String?
  public var provider: ProviderName?
  public var badge: Int64?
  public var sound: String?
  public var decidedAt: Timestamp
  public var endedAt: Timestamp?
  public var deliveredAt: Timestamp?
  public var openedAt: Timestamp?
  public var notShownAt: Timestamp?
  public var notShownReason: String?
  /// Whether another way than the first was taken.
  public var isRerouted: Bool

  public init(
    id: UUID, status: DeliveryStatus, reason: String?, provider: ProviderName?, badge: Int64?,
    sound: String?, decidedAt: Timestamp, endedAt: Timestamp?, deliveredAt: Timestamp?,
    openedAt: Timestamp?, notShownAt: Timestamp?, notShownReason: String?, isRerouted: Bool
  ) {
    self.id = id
    self.status = status
    self.reason = reason
    self.provider = provider
    self.badge = badge
    self.sound = sound
    self.decidedAt = decidedAt
    self.endedAt = endedAt
    self.deliveredAt = deliveredAt
    self.openedAt = openedAt
    self.notShownAt = notShownAt
    self.notShownReason = notShownReason
    self.isRerouted = isRerouted
  }
}

/// One try at a delivery, in the provider's words.
public struct ExplainedAttempt: Sendable, Equatable {
  public var position: Position
  public var number: Int64
  public var provider: ProviderName?
  public var outcome: AttemptOutcome?
  public var status: Int64?
  public var reason: String?
  /// What an operator can do about the reason; nil where there is nothing to say.
  public var advice: String?
  public var providerMessageID: String?
  public var startedAt: Timestamp
  public var finishedAt: Timestamp
  public var retryAt: Timestamp?
  public var dispatcher: String?
  public var isFenced: Bool

  public init(
    position: Position, number: Int64, provider: ProviderName?, outcome: AttemptOutcome?,
    status: Int64?, reason: String?, advice: String? = nil, providerMessageID: String?,
    startedAt: Timestamp, finishedAt: Timestamp, retryAt: Timestamp?, dispatcher: String?,
    isFenced: Bool
  ) {
    self.position = position
    self.number = number
    self.provider = provider
    self.outcome = outcome
    self.status = status
    self.reason = reason
    self.advice = advice
    self.providerMessageID = providerMessageID
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.retryAt = retryAt
    self.dispatcher = dispatcher
    self.isFenced = isFenced
  }
}

/// What a provider said of a dead token, and whether the device has registered again since.
public struct ExplainedTokenDeath: Sendable, Equatable {
  /// The event that says it.
  public var said: Since
  /// Since when, by the provider's clock; nil where it named no time.
  public var deadSince: Timestamp?
  /// The device's first registration after the message, also where it came before the answer.
  public var registeredAgain: Since?

  public init(said: Since, deadSince: Timestamp?, registeredAgain: Since?) {
    self.said = said
    self.deadSince = deadSince
    self.registeredAgain = registeredAgain
  }

  /// - Parameter registeredAt: When the token that the push went to was registered.
  public func words(registeredAt: Timestamp) -> String {
    var text = deadSince.map { "dead since \($0), " } ?? ""
    text += "\(said.type.rawValue) at \(said.position)"
    if let deadSince, deadSince < registeredAt {
      return text + "; it was registered after that, so it still counts"
    }
    guard let registeredAgain else { return text + "; not registered again since" }
    let isRace = registeredAgain.position < said.position
    return text + "; registered again at \(registeredAgain.position), \(registeredAgain.at)"
      + (isRace ? ", while this push was on its way" : "")
  }
}

/// What called a delivery off.
public struct ExplainedCallOff: Sendable, Equatable {
  public var reason: CancellationReason
  /// The event that did it; nil where its time was over.
  public var event: Since?
  /// Who ordered it and why, where somebody did.
  public var by: String?
  public var why: String?

  public init(
    reason: CancellationReason, event: Since?, by: String? = nil, why: String? = nil
  ) {
    self.reason = reason
    self.event = event
    self.by = by
    self.why = why
  }
}
