/// What an outcome proves and what it does not: the two lines that end an explanation.
public struct Conclusion: Sendable, Equatable {
  public var proves: String
  public var doesNotProve: String

  init(_ proves: String, not doesNotProve: String) {
    self.proves = proves
    self.doesNotProve = doesNotProve
  }
}

/// What of a delivery a conclusion is drawn from.
public struct DeliveryEvidence: Sendable, Equatable {
  public var status: DeliveryStatus
  public var provider: ProviderName?
  /// The outcome of its last attempt; nil before the first.
  public var lastOutcome: AttemptOutcome?
  /// What it ended with, in the provider's words or the dispatcher's.
  public var reason: String?
  public var isDelivered: Bool
  public var isOpened: Bool
  public var isNotShown: Bool

  public init(
    status: DeliveryStatus, provider: ProviderName? = nil, lastOutcome: AttemptOutcome? = nil,
    reason: String? = nil, isDelivered: Bool = false, isOpened: Bool = false,
    isNotShown: Bool = false
  ) {
    self.status = status
    self.provider = provider
    self.lastOutcome = lastOutcome
    self.reason = reason
    self.isDelivered = isDelivered
    self.isOpened = isOpened
    self.isNotShown = isNotShown
  }
}

extension Conclusion {
  public init(from evidence: DeliveryEvidence) {
    if evidence.isOpened {
      self.init(
        "The user opened the notification: it was shown.", not: "When it was seen first.")
    } else if evidence.isNotShown {
      self.init(
        "The provider took the push and reported later that the phone did not show it.",
        not: "That nothing was seen: another device, or the app itself, may have shown it.")
    } else if evidence.isDelivered {
      self.init(
        "The push reached the phone: its app or its vendor said so.",
        not: "That the phone rang or somebody looked: a focus, a silent mode or a channel's "
          + "setting may keep it quiet.")
    } else {
      self.init(status: evidence.status, evidence)
    }
  }

  /// What the rules say of a message that the projection has not come to.
  static let ahead = Conclusion(
    "The projection has not come to this message: this is what the rules say of it; "
      + "`pushledger projections status` says how far it is.",
    not: "That a push is due or was sent: none is before the projection has come to the message.")

  private init(status: DeliveryStatus, _ evidence: DeliveryEvidence) {
    switch status {
    case .suppressed:
      self.init(
        "Nothing was sent, on purpose.",
        not: "That the device saw nothing: the app may show the message by its own connection.")
    case .due: self.init(due: evidence.lastOutcome)
    case .cancelled:
      self =
        evidence.lastOutcome == nil
        ? Conclusion("It was called off before it was tried: nothing was sent.", not: Self.ownWay)
        : Conclusion(
          "No attempt is known to have been taken before it was called off.",
          not: "That the phone got nothing, where an attempt's outcome is unknown.")
    case .expired:
      self.init(
        "Nobody took it in time, and it is not sent any more.",
        not: "That the phone is broken: the host, the credential or the circuit may have been.")
    case .rejected where evidence.reason == AttemptResult.tokenErased:
      self.init(
        "The device's token was erased: nobody was asked, and nothing was sent.",
        not: "That the phone is lost: it gets pushes again once it has registered again.")
    case .rejected where evidence.reason == AttemptResult.contentErased:
      self.init(
        "The message was erased before it was sent: nobody was asked, and nothing was sent.",
        not: Self.ownWay)
    case .rejected:
      self.init(
        "The provider refused this push for good: the phone got nothing from it.",
        not: "That the token is dead: the next message is tried again.")
    case .tokenInvalid:
      self.init(
        "The provider says that the token is dead: the phone got nothing from it.",
        not: "That the app is gone: it may have got a new token which it did not register.")
    case .accepted: self.init(acceptedBy: evidence.provider)
    }
  }

  private static let ownWay =
    "That the device saw nothing: the app may show the message by its own connection."

  private init(due outcome: AttemptOutcome?) {
    switch outcome {
    case nil:
      self.init(
        "It was decided and waits for its first attempt; `pushledger status` says what for.",
        not: "That anything is wrong with the phone.")
    case .unknown:
      self.init(
        "It was sent, no answer came, and it is sent again under the same id.",
        not: "Whether the phone got the first one.")
    case .retry, .accepted, .rejected, .tokenInvalid, .expired:
      self.init(
        "The provider did not take it yet, and it is tried again.",
        not: "That the phone or its token is at fault.")
    }
  }

  private init(acceptedBy provider: ProviderName?) {
    switch provider {
    case .apns:
      self.init(
        "Apple's gateway took the push.",
        not: "That the phone showed it. Apple reports nothing more: it keeps one push for a phone "
          + "that is off, and none beyond `expires_at`. Let the app send receipts.")
    case .fcm:
      self.init(
        "Google's gateway took the push.",
        not: "That the phone showed it. FCM reports nothing more. Let the app send receipts.")
    case .huawei, .honor, .xiaomi, .oppo, .vivo, .meizu:
      self.init(
        "\(Self.vendors[provider] ?? "The vendor")'s gateway took the push, and no receipt came.",
        not: "That the phone showed it: it may be off, or no receipts are set up "
          + "(`pushledger credentials receipts`).")
    case .webpush:
      self.init(
        "The browser's push service took the push.",
        not: "That the browser ran or its page showed anything. Let the page send receipts.")
    case .callback:
      self.init(
        "The app's own client or webhook confirmed that it got the notification.",
        not: "That it showed it: that is up to the app.")
    case nil:
      self.init("The provider took the push.", not: "That the phone showed it.")
    }
  }

  private static let vendors: [ProviderName?: String] = [
    .huawei: "Huawei", .honor: "Honor", .xiaomi: "Xiaomi", .oppo: "OPPO", .vivo: "vivo",
    .meizu: "Meizu",
  ]
}
