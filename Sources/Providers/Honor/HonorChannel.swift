internal import PushCore

/// Honor's push service: JSON, up to 1,000 tokens, under a session of an hour, with the time in a
/// header.
enum HonorChannel: ProviderChannel {
  static let name = ProviderName.honor
  static let guide = HonorCredential.guide
  static let recipients = 1_000
  static let hasSessions = true

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> HonorCredential {
    try HonorCredential(settings: settings, secret: secret)
  }

  static func host(of _: PushRequest, _ credential: HonorCredential) -> String {
    credential.host
  }

  static func pace(_ credential: HonorCredential) -> Pace.Limits {
    Pace.Limits(perSecond: credential.requestsPerSecond.map(Double.init))
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<HonorCredential>
  ) throws(Refused) -> PreparedPush {
    guard !request.token.isEmpty else { throw Refused(.messageRefused, "token_malformed") }
    let content = try HonorMessage.make(request, scope)
    return PreparedPush(request, content: content, batch: content.serialized())
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<HonorCredential>
  ) async -> [Verdict] {
    guard let content = pushes.first?.content else { return [] }
    let tokens = pushes.map(\.token)
    let call = HTTPCall.json(
      scope.credential.origin + scope.credential.path, HonorMessage.body(content, to: tokens),
      headers: [
        ("authorization", "Bearer " + scope.session.reveal()),
        ("timestamp", String(scope.now.microseconds / 1_000)),
      ])
    switch await scope.call(call) {
    case .success(let answer): return HonorOutcome.verdicts(answer, on: tokens, at: scope.now)
    case .failure(let failure):
      return .init(repeating: Verdict(failure), count: tokens.count)
    }
  }

  static func openSession(
    _ scope: ChannelScope<HonorCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    await scope.credential.session.open(scope)
  }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try HonorReceipts.read(call)
  }

  /// The session that was opened before is all that can be had without a push: it shows that id and
  /// secret are taken, and nothing of the app's id.
  static func prove(_: ChannelScope<HonorCredential>) async -> CredentialProof { .works }
}
