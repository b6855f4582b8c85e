/// The reasons that APNs gives, and what to do about those that concern the set-up.
/// Source: Apple, "Handling notification responses from APNs".
public enum APNsReason: String, Sendable, CaseIterable {
  case badCollapseID = "BadCollapseId"
  case badDeviceToken = "BadDeviceToken"
  case badExpirationDate = "BadExpirationDate"
  case badMessageID = "BadMessageId"
  case badPriority = "BadPriority"
  case badTopic = "BadTopic"
  case deviceTokenNotForTopic = "DeviceTokenNotForTopic"
  case duplicateHeaders = "DuplicateHeaders"
  case idleTimeout = "IdleTimeout"
  case invalidPushType = "InvalidPushType"
  case missingDeviceToken = "MissingDeviceToken"
  case missingTopic = "MissingTopic"
  case payloadEmpty = "PayloadEmpty"
  case topicDisallowed = "TopicDisallowed"
  case badCertificate = "BadCertificate"
  case badCertificateEnvironment = "BadCertificateEnvironment"
  case expiredProviderToken = "ExpiredProviderToken"
  case forbidden = "Forbidden"
  case invalidProviderToken = "InvalidProviderToken"
  case missingProviderToken = "MissingProviderToken"
  case unrelatedKeyID = "UnrelatedKeyIdInToken"
  case badEnvironmentKeyID = "BadEnvironmentKeyIdInToken"
  /// Met in the field for the one above.
  case badEnvironmentKey = "BadEnvironmentKeyInToken"
  case badPath = "BadPath"
  case methodNotAllowed = "MethodNotAllowed"
  case expiredToken = "ExpiredToken"
  case unregistered = "Unregistered"
  case payloadTooLarge = "PayloadTooLarge"
  case tooManyProviderTokenUpdates = "TooManyProviderTokenUpdates"
  case tooManyRequests = "TooManyRequests"
  case internalServerError = "InternalServerError"
  case serviceUnavailable = "ServiceUnavailable"
  case shutdown = "Shutdown"

  /// Which of key, team, topic, environment and token does not fit, in words for an operator; nil
  /// for a reason that is no matter of set-up.
  public static func advice(for reason: String) -> String? {
    switch APNsReason(rawValue: reason) {
    case .invalidProviderToken:
      "Apple doesn't know this key under this team: compare key_id and team_id with the"
        + " developer account, and see that the key was not revoked."
    case .expiredProviderToken:
      "Apple takes the provider token for too old: set this machine's clock."
    case .missingProviderToken:
      "Apple got neither a provider token nor a certificate that it knows: is the certificate"
        + " one for APNs?"
    case .badEnvironmentKeyID, .badEnvironmentKey:
      "The key is for the other environment: use a key for this one, or change the credential's"
        + " environment."
    case .unrelatedKeyID:
      "Two keys that don't belong together were used on one connection."
    case .badCertificate:
      "Apple refuses the certificate: is it expired, revoked, or for another purpose?"
    case .badCertificateEnvironment:
      "The certificate is for the other environment: production and sandbox differ."
    case .topicDisallowed:
      "The credential may not push to this topic: compare the topics with the key's or"
        + " certificate's app."
    case .deviceTokenNotForTopic:
      "The device token belongs to another app than the topic names."
    case .badTopic, .missingTopic:
      "The topic must be the app's bundle id."
    case .badDeviceToken:
      "The device token is none of this environment: most often it comes from the other one"
        + " (a development build registers with sandbox)."
    case .tooManyProviderTokenUpdates:
      "Provider tokens changed too often: does another program use the same key?"
    case .forbidden:
      "Apple does not allow this credential to do this."
    default:
      nil
    }
  }
}
