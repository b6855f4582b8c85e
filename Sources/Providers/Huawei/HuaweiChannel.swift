internal import PushCore

/// Huawei's Push Kit for Android and HarmonyOS up to 4: JSON, up to 1,000 tokens, under a session
/// of an hour.
enum HuaweiChannel: ProviderChannel {
  static let name = ProviderName.huawei
  static let guide = HuaweiCredential.guide
  static let recipients = 1_000
  static let hasSessions = true

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> HuaweiCredential {
    try HuaweiCredential(settings: settings, secret: secret)
  }

  static func host(of _: PushRequest, _ credential: HuaweiCredential) -> String {
    credential.host
  }

  static func pace(_ credential: HuaweiCredential) -> Pace.Limits {
    Pace.Limits(perSecond: credential.requestsPerSecond.map(Double.init))
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<HuaweiCredential>
  ) throws(Refused) -> PreparedPush {
    guard !request.token.isEmpty else { throw Refused(.messageRefused, "token_malformed") }
    let content = try HuaweiMessage.make(request, scope)
    return PreparedPush(request, content: content, batch: content.serialized())
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<HuaweiCredential>
  ) async -> [Verdict] {
    guard let content = pushes.first?.content else { return [] }
    return await post(content, to: pushes.map(\.token), scope)
  }

  private static func post(
    _ content: JSON, to tokens: [String], isCheck: Bool = false,
    _ scope: ChannelScope<HuaweiCredential>
  ) async -> [Verdict] {
    var body = HuaweiMessage.body(content, to: tokens)
    if isCheck { body = body.setting("validate_only", to: true) }
    let call = HTTPCall.json(
      scope.credential.origin + scope.credential.path, body,
      headers: [("authorization", "Bearer " + scope.session.reveal())])
    switch await scope.call(call) {
    case .success(let answer):
      return HuaweiOutcome.verdicts(answer, on: tokens, at: scope.now)
    case .failure(let failure):
      return .init(repeating: Verdict(failure), count: tokens.count)
    }
  }

  static func openSession(
    _ scope: ChannelScope<HuaweiCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    switch scope.credential.login {
    case .client(let session): return await session.open(scope)
    case .account(let account):
      do {
        return .success(try await account.session(at: scope.now))
      } catch {
        return .failure(.init(verdict: Verdict(.credentialRefused, reason: "key_does_not_sign")))
      }
    }
  }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try HuaweiReceipts.read(call)
  }

  /// A push that Huawei is to look at and not to send, to a token that nobody has.
  static func prove(_ scope: ChannelScope<HuaweiCredential>) async -> CredentialProof {
    let content: JSON = [
      "notification": ["title": "-", "body": "-"],
      "android": ["notification": ["click_action": ["type": 3]]],
    ]
    let verdicts = await post(content, to: ["credentials-check"], isCheck: true, scope)
    return CredentialProof(verdicts.first ?? Verdict(.unknown))
  }
}
