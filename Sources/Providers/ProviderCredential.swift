private import Crypto
public import PushCore

/// A credential as it is kept: what `ledger.provider_credentials` holds in one row.
public struct StoredCredential: Sendable {
  public var app: AppID
  public var provider: ProviderName
  /// Unique among the app's credentials of this provider.
  public var id: String
  /// The topics (APNs: bundle ids) that it may push to; empty: whatever topic a device names.
  public var topics: [String]
  /// `production` or `sandbox`; nil: both.
  public var environment: String?
  /// What is no secret; see ``APNsCredential``.
  public var settings: JSON
  /// What is.
  public var secret: SecretText

  public init(
    app: AppID, provider: ProviderName, id: String, topics: [String], environment: String?,
    settings: JSON, secret: SecretText
  ) {
    self.app = app
    self.provider = provider
    self.id = id
    self.topics = topics
    self.environment = environment
    self.settings = settings
    self.secret = secret
  }
}

/// A credential that was read and found whole: what a provider sends with.
public struct ProviderCredential: Sendable {
  /// What is particular to one provider.
  public enum Material: Sendable {
    case apns(APNsCredential)
  }

  public let app: AppID
  public let id: String
  /// The stored ones, else those of the certificate. Empty: whatever topic a device names.
  public let topics: [String]
  /// Nil: both.
  public let environment: PushEnvironment?
  public let material: Material
  /// Changes when anything in the row changes, so that a replaced credential gets connections of
  /// its own.
  let fingerprint: [UInt8]

  /// Reads a stored credential and checks it: its form, its key, and that the key signs.
  ///
  /// - Throws: ``FieldError`` whose field is the one that does not fit: `provider`, `topics`,
  ///   `environment`, `secret` or one of `settings`.
  public init(_ stored: StoredCredential) throws(FieldError) {
    self.app = stored.app
    self.id = stored.id
    let topics = try Self.topics(stored.topics)
    let environment = try Self.environment(stored.environment)
    switch stored.provider {
    case .apns:
      let credential = try APNsCredential(settings: stored.settings, secret: stored.secret)
      try credential.check()
      try credential.scope.check(topics: topics, environment: environment)
      self.material = .apns(credential)
      self.topics = topics.isEmpty ? credential.scope.topics : topics
    case .fcm, .huawei, .honor, .xiaomi, .oppo, .vivo, .meizu, .webpush, .callback:
      throw FieldError(
        .unknownValue, "provider",
        "is \(stored.provider.rawValue); this version sends through apns only.")
    }
    self.environment = environment
    self.fingerprint = Self.fingerprint(of: stored)
  }

  public var provider: ProviderName {
    switch material {
    case .apns: .apns
    }
  }

  /// Why this credential can't carry a request.
  public enum Misfit: String, Sendable {
    case provider = "credential_of_other_provider"
    case app = "credential_of_other_app"
    case environment = "credential_of_other_environment"
    case topic = "credential_of_other_topic"
    /// The device named no topic and the credential has none or several.
    case topicMissing = "topic_missing"
  }

  /// What keeps this credential from carrying pushes for a device's topic and environment; nil
  /// where it fits.
  public func misfit(topic: String?, environment wanted: PushEnvironment) -> Misfit? {
    if let environment, environment != wanted { return .environment }
    guard let topic = self.topic(for: topic) else { return .topicMissing }
    return topics.isEmpty || topics.contains(topic) ? nil : .topic
  }

  public func misfit(with request: PushRequest) -> Misfit? {
    if request.app != app { return .app }
    return misfit(topic: request.topic, environment: request.environment)
  }

  /// The topic that a push goes to: the device's own, else the credential's only one.
  func topic(for deviceTopic: String?) -> String? {
    deviceTopic ?? (topics.count == 1 ? topics[0] : nil)
  }

  private static func topics(_ topics: [String]) throws(FieldError) -> [String] {
    for (index, topic) in topics.enumerated() {
      let field = "topics[\(index)]"
      guard !topic.isEmpty else {
        throw FieldError(.tooShort, field, "is empty; give the app's bundle id.")
      }
      guard topic.utf8.count <= Limits.topicBytes else {
        throw FieldError(
          .tooLong, field,
          "has \(topic.utf8.count) bytes; at most \(Limits.topicBytes) are allowed.")
      }
      guard topic.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw FieldError(
          .badCharacter, field, "holds a space or what is no ASCII; a bundle id has neither.")
      }
    }
    return topics
  }

  private static func environment(_ text: String?) throws(FieldError) -> PushEnvironment? {
    guard let text else { return nil }
    guard let environment = PushEnvironment(rawValue: text) else {
      throw FieldError(
        .unknownValue, "environment",
        "is neither production nor sandbox; leave it out for a credential of both.")
    }
    return environment
  }

  private static func fingerprint(of stored: StoredCredential) -> [UInt8] {
    var hash = SHA256()
    let parts = [stored.id, stored.environment ?? "", stored.secret.reveal()] + stored.topics
    for part in parts {
      hash.update(data: Array(String(part.utf8.count).utf8))
      hash.update(data: [0x3A])
      hash.update(data: Array(part.utf8))
    }
    hash.update(data: stored.settings.canonical())
    return Array(hash.finalize())
  }
}
