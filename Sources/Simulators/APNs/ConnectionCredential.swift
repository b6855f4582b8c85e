import PushCore

/// What one connection may push, by its provider tokens or its client certificate.
///
/// The first valid token binds the connection: later ones must be of the same team and key. A new
/// token is taken when it was issued at least 20 minutes after the one before it, and no other new
/// one came within 20 minutes; else the connection answers 429 until they are over. After an
/// expired token the connection is of no more use.
struct ConnectionCredential {
  struct Admission {
    /// Bundle ids or whole topics; nil: all.
    var topics: Set<String>?
    /// The topic of a push that names none.
    var defaultTopic: String?
    var isCertificate = false
  }

  private struct KeyHistory {
    var newestIssuedAt: Int64
    var updatedAt: Timestamp?
    var tokens: Set<String>
  }

  static let tokenLifetimeSeconds: Int64 = 3_600
  static let tokenUpdateSeconds: Int64 = 1_200
  private static let tokensRemembered = 16

  private let certificate: Result<APNsSimulator.ClientCertificate, PushRefusal>?
  private var current: (authorization: String, token: ProviderToken, generation: Int)?
  private var bound: APNsSimulatorKey?
  private var histories: [String: KeyHistory] = [:]
  private var isWedged = false
  private var blockedUntil: Timestamp?

  /// - Parameter certificate: what became of the client's certificate, where it showed one.
  init(certificate: Result<APNsSimulator.ClientCertificate, PushRefusal>?) {
    self.certificate = certificate
  }

  var hasCertificate: Bool {
    if case .success? = certificate { true } else { false }
  }

  mutating func admit(
    authorization: String?, keys: ProviderKeys, now: Timestamp
  ) throws(PushRefusal) -> Admission {
    if let certificate {
      let topics = try certificate.get().topics
      return Admission(
        topics: Set(topics), defaultTopic: topics.count == 1 ? topics[0] : nil,
        isCertificate: true)
    }
    if isWedged { throw PushRefusal(.expiredProviderToken) }
    if let until = blockedUntil, now < until { throw PushRefusal(.tooManyProviderTokenUpdates) }
    guard let authorization else { throw PushRefusal(.missingProviderToken) }
    let generation = keys.generation
    if let current, current.generation == generation, current.authorization == authorization {
      try checkTime(of: current.token, now: now)
      return Admission(topics: current.token.key.topics)
    }
    let text = try Self.bearerToken(authorization)
    let token = try keys.verify(text)
    try checkTime(of: token, now: now)
    try bind(token.key)
    try note(String(text), token, now: now)
    current = (authorization, token, generation)
    return Admission(topics: token.key.topics)
  }

  private static func bearerToken(_ authorization: String) throws(PushRefusal) -> Substring {
    let scheme = "bearer"
    guard authorization.prefix(scheme.count).lowercased() == scheme else {
      throw PushRefusal(.invalidProviderToken)
    }
    let rest = authorization.dropFirst(scheme.count)
    let token = rest.drop { $0 == " " }
    guard !token.isEmpty else { throw PushRefusal(.missingProviderToken) }
    guard rest.startIndex != token.startIndex else { throw PushRefusal(.invalidProviderToken) }
    return token
  }

  private mutating func checkTime(
    of token: ProviderToken, now: Timestamp
  ) throws(PushRefusal) {
    let (age, isOdd) = now.seconds.subtractingReportingOverflow(token.issuedAt)
    guard !isOdd, age.magnitude <= Self.tokenLifetimeSeconds else {
      isWedged = true
      throw PushRefusal(.expiredProviderToken)
    }
  }

  private mutating func bind(_ key: APNsSimulatorKey) throws(PushRefusal) {
    guard let bound else {
      self.bound = key
      return
    }
    guard bound.teamID == key.teamID else { throw PushRefusal(.invalidProviderToken) }
    guard bound.keyID == key.keyID || bound.relatedKeyID == key.keyID else {
      throw PushRefusal(.unrelatedKeyIDInToken)
    }
  }

  private mutating func note(
    _ text: String, _ token: ProviderToken, now: Timestamp
  ) throws(PushRefusal) {
    guard var history = histories[token.key.keyID] else {
      histories[token.key.keyID] = KeyHistory(newestIssuedAt: token.issuedAt, tokens: [text])
      return
    }
    guard !history.tokens.contains(text) else { return }
    let wait = Duration.seconds(Self.tokenUpdateSeconds)
    guard token.issuedAt - history.newestIssuedAt >= Self.tokenUpdateSeconds,
      history.updatedAt.map({ now - $0 >= wait }) ?? true
    else {
      blockedUntil = now + wait
      throw PushRefusal(.tooManyProviderTokenUpdates)
    }
    if history.tokens.count >= Self.tokensRemembered { history.tokens.removeAll() }
    history.tokens.insert(text)
    history.newestIssuedAt = token.issuedAt
    history.updatedAt = now
    histories[token.key.keyID] = history
  }
}
