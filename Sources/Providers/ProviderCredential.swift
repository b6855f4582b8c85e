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

/// What one provider reads out of a credential's settings and secret: keys, ids, addresses.
public protocol CredentialMaterial: Sendable {
  /// Whose certificates vouch for the provider's servers.
  var trustRoots: TrustRoots { get }

  /// The topics that the credential is good for: the stored ones, else what the secret itself
  /// says.
  ///
  /// - Throws: ``FieldError`` where the secret is for others.
  func topics(
    stored: [String], environment: PushEnvironment?
  ) throws(FieldError) -> [String]
}

extension CredentialMaterial {
  public var trustRoots: TrustRoots { .system }

  public func topics(
    stored: [String], environment: PushEnvironment?
  ) throws(FieldError) -> [String] { stored }
}

/// A credential that was read and found whole: what a provider sends with.
public struct ProviderCredential: Sendable {
  public let app: AppID
  public let provider: ProviderName
  public let id: String
  /// The stored ones, else those of the certificate. Empty: whatever topic a device names.
  public let topics: [String]
  /// Nil: both.
  public let environment: PushEnvironment?
  /// What is particular to the provider, such as an ``APNsCredential``.
  public let material: any CredentialMaterial
  /// Whether every push must have a topic.
  let needsTopic: Bool
  /// Changes when anything in the row changes, so that a replaced credential gets connections of
  /// its own.
  let fingerprint: [UInt8]

  /// Reads a stored credential and checks it: its form, its key, and that the key signs.
  ///
  /// - Throws: ``FieldError`` whose field is the one that does not fit: `provider`, `topics`,
  ///   `environment`, `secret` or one of `settings`.
  public init(_ stored: StoredCredential) throws(FieldError) {
    guard let kind = ProviderRegistry.kind(of: stored.provider) else {
      throw FieldError(
        .unknownValue, "provider",
        "is \(stored.provider.rawValue), which nothing is sent through.")
    }
    app = stored.app
    provider = stored.provider
    id = stored.id
    let topics = try Self.topics(stored.topics)
    let environment = try Self.environment(stored.environment)
    let material = try kind.readCredential(settings: stored.settings, secret: stored.secret)
    self.topics = try material.topics(stored: topics, environment: environment)
    self.material = material
    self.environment = environment
    needsTopic = kind.needsTopic
    fingerprint = Self.fingerprint(of: stored)
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
    guard let topic = self.topic(for: topic) else { return needsTopic ? .topicMissing : nil }
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
          .badCharacter, field,
          "is \(FieldError.quoted(topic)), with a space or what is no ASCII; a bundle id has "
            + "neither.")
      }
    }
    return topics
  }

  private static func environment(_ text: String?) throws(FieldError) -> PushEnvironment? {
    guard let text else { return nil }
    guard let environment = PushEnvironment(rawValue: text) else {
      throw FieldError(
        .unknownValue, "environment",
        "is \(FieldError.quoted(text)), neither production nor sandbox; leave it out for a "
          + "credential of both.")
    }
    return environment
  }

  private static func fingerprint(of stored: StoredCredential) -> [UInt8] {
    var hash = SHA256()
    let parts =
      [stored.app.rawValue, stored.provider.rawValue, stored.id, stored.environment ?? ""]
      + [stored.secret.reveal()] + stored.topics
    for part in parts {
      hash.update(data: Array(String(part.utf8.count).utf8))
      hash.update(data: [0x3A])
      hash.update(data: Array(part.utf8))
    }
    hash.update(data: stored.settings.canonical())
    return Array(hash.finalize())
  }
}
