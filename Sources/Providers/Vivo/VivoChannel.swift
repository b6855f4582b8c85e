internal import PushCore

/// vivo's push service: JSON, a session of 24 hours, one call for one recipient and two calls for
/// up to 1,000.
enum VivoChannel: ProviderChannel {
  static let name = ProviderName.vivo
  static let guide = VivoCredential.guide
  static let recipients = 1_000
  static let hasSessions = true

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> VivoCredential {
    try VivoCredential(settings: settings, secret: secret)
  }

  static func host(of request: PushRequest, _ credential: VivoCredential) -> String {
    credential.host
  }

  static func pace(_ credential: VivoCredential) -> Pace.Limits {
    Pace.Limits(perSecond: credential.requestsPerSecond)
  }

  static func openSession(
    _ scope: ChannelScope<VivoCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    await VivoSession.open(scope)
  }

  /// The session that was opened for it shows that the credential is taken.
  static func prove(_ scope: ChannelScope<VivoCredential>) async -> CredentialProof { .works }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try VivoReceipts.read(call)
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<VivoCredential>
  ) throws(Refused) -> PreparedPush {
    let content = try VivoMessage.content(of: request, scope.credential, at: scope.now)
    let volumes = scope.credential.volumes
    if let closure = volumes.closure(of: VivoMessage.volume(of: content), at: scope.now) {
      // Said before the call, it is not counted as one more recipient that is too busy, which
      // would hold up the whole credential.
      var refused = Refused(.recipientThrottled, closure.code)
      refused.verdict.retryAfter = closure.until - scope.now
      throw refused
    }
    let goesAlone = volumes.closure(of: .lists, at: scope.now) != nil
    return PreparedPush(
      request, content: content, batch: goesAlone ? nil : content.serialized())
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<VivoCredential>
  ) async -> [Verdict] {
    // A code about one recipient does not say which of many: they are asked for in parts.
    await BatchSplit.send(pushes, in: [pushes.indices]) { verdict in
      verdict.kind == .tokenDead || verdict.kind == .tokenMuted
    } call: { part in
      guard let first = part.first else { return .each([]) }
      let sending = VivoSending(content: first.content, scope: scope)
      return part.count == 1
        ? .whole(await sending.send(to: first)) : await sending.send(toAll: part)
    }
  }
}
