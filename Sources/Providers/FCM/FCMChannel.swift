internal import PushCore

/// Firebase Cloud Messaging, HTTP v1: one request for each push, under a session of an hour that
/// a service account gets.
enum FCMChannel: ProviderChannel {
  static var name: ProviderName { .fcm }
  static var guide: CredentialGuide { FCMCredential.guide }
  static var hasSessions: Bool { true }

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> FCMCredential {
    try FCMCredential(settings: settings, secret: secret)
  }

  static func host(of _: PushRequest, _ credential: FCMCredential) -> String { credential.host }

  static func pace(_ credential: FCMCredential) -> Pace.Limits { credential.pace }

  static func openSession(
    _ scope: ChannelScope<FCMCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> {
    await FCMSession.open(scope)
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<FCMCredential>
  ) throws(Refused) -> PreparedPush {
    PreparedPush(request, content: try FCMMessage.make(request, scope))
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<FCMCredential>
  ) async -> [Verdict] {
    var verdicts: [Verdict] = []
    for push in pushes {
      let message = push.content.setting("token", to: .string(push.token))
      verdicts.append(await post(["message": message], scope))
    }
    return verdicts
  }

  private static func post(
    _ body: JSON, _ scope: ChannelScope<FCMCredential>
  ) async -> Verdict {
    let authorization = "Bearer " + scope.session.reveal()
    let call = HTTPCall.json(
      scope.credential.sendURL, body, headers: [("authorization", authorization)])
    switch await scope.call(call) {
    case .success(let answer): return FCMOutcome.verdict(answer, at: scope.now)
    case .failure(let failure): return Verdict(failure)
    }
  }

  /// A push to a token that nobody has, which FCM is to look at and not to send: it looks at
  /// session, project and rights first.
  static func prove(_ scope: ChannelScope<FCMCredential>) async -> CredentialProof {
    let verdict = await post(
      [
        "validate_only": true,
        "message": ["token": "credentials-check", "notification": ["title": "-", "body": "-"]],
      ], scope)
    if verdict.kind == .messageRefused, verdict.reason?.hasPrefix("INVALID_ARGUMENT") ?? false {
      return .works
    }
    return CredentialProof(verdict)
  }
}
