/// Another way to a device: tried when those before it were refused for good.
public struct FallbackWay: Sendable, Equatable {
  public var registered: TokenKey
  /// Nil once erased. A Web Push subscription stands here as JSON text.
  public var token: String?
  public var topic: String?
  /// The id of the credential that the token belongs to; nil: any that fits.
  public var credential: String?
  public var environment: PushEnvironment
  /// False once the provider refused the token for good.
  public var tokenValid: Bool

  public init(
    registered: TokenKey, token: String?, topic: String?, credential: String?,
    environment: PushEnvironment, tokenValid: Bool
  ) {
    self.registered = registered
    self.token = token
    self.topic = topic
    self.credential = credential
    self.environment = environment
    self.tokenValid = tokenValid
  }
}

extension FallbackWay {
  /// Reads `fallbacks` of a registration beside `fallback_tokens` of its content.
  ///
  /// - Parameter first: The provider that goes before them.
  static func ways(
    _ fields: Fields, _ personal: Fields?, after first: ProviderName
  ) throws(FieldError) -> [FallbackWay] {
    let entries = try fields.array("fallbacks", max: Limits.fallbacksPerDevice) ?? []
    let tokens = try personal?.array("fallback_tokens", max: Limits.fallbacksPerDevice) ?? []
    // Content that was erased holds none.
    guard personal == nil || tokens.count == entries.count else {
      throw FieldError(
        .outOfRange, "content.fallback_tokens",
        "has \(tokens.count) entries; one for each of the \(entries.count) fallbacks is expected.")
    }
    var ways: [FallbackWay] = []
    for (index, entry) in entries.enumerated() {
      let way = try FallbackWay(
        try Fields(entry, at: "\(fields.name("fallbacks"))[\(index)]"),
        token: tokens.indices.contains(index) ? tokens[index] : .null,
        "content.fallback_tokens[\(index)]")
      let provider = way.registered.provider
      guard provider != first, !ways.contains(where: { $0.registered.provider == provider })
      else {
        throw FieldError(
          .unknownValue, "\(fields.name("fallbacks"))[\(index)].provider",
          "is \(provider.rawValue), which another way of the device goes by already; name each "
            + "provider once.")
      }
      ways.append(way)
    }
    return ways
  }

  private init(_ fields: Fields, token: JSON, _ field: String) throws(FieldError) {
    self.init(
      registered: TokenKey(
        provider: try fields.requiredChoice("provider"),
        sha256: try fields.string("token_sha256", maxBytes: 64) ?? ""),
      token: token == .null ? Optional.none : try DeviceRegistration.text(ofToken: token, field),
      topic: try fields.string("topic", maxBytes: Limits.topicBytes),
      credential: try fields.string("credential", maxBytes: Limits.credentialBytes),
      environment: try fields.choice("environment") ?? .production, tokenValid: true)
  }
}
