internal import PushCore

/// Meizu's push service: a signed form, up to 1,000 tokens.
enum MeizuChannel: ProviderChannel {
  static let name = ProviderName.meizu
  static let guide = MeizuCredential.guide
  static let recipients = 1_000

  static let path = "/garcia/api/server/push/varnished/pushByPushId"

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> MeizuCredential {
    try MeizuCredential(settings: settings, secret: secret)
  }

  static func host(of request: PushRequest, _ credential: MeizuCredential) -> String {
    credential.host
  }

  static func pace(_ credential: MeizuCredential) -> Pace.Limits {
    Pace.Limits(perSecond: credential.requestsPerSecond)
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<MeizuCredential>
  ) throws(Refused) -> PreparedPush {
    // Tokens stand in a list with commas between.
    guard !request.token.isEmpty, !request.token.contains(",") else {
      throw Refused(.messageRefused, "token_malformed")
    }
    let content = try MeizuMessage.content(of: request, scope.credential, at: scope.now)
    return PreparedPush(request, content: content, batch: content.serialized())
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<MeizuCredential>
  ) async -> [Verdict] {
    guard let content = pushes.first?.content else { return [] }
    var fields = [
      ("appId", String(scope.credential.appID)),
      ("pushIds", pushes.map(\.token).joined(separator: ",")),
      ("messageJson", content.text),
    ]
    fields.append(("sign", scope.credential.sign(fields)))
    switch await scope.call(.form(scope.credential.origin + path, fields)) {
    case .success(let answer): return MeizuAnswer.read(answer, to: pushes, at: scope.now)
    case .failure(let failure):
      return [Verdict](repeating: Verdict(failure), count: pushes.count)
    }
  }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try MeizuReceipts.read(call)
  }

  static func prove(_ scope: ChannelScope<MeizuCredential>) async -> CredentialProof {
    .cannotTell("Meizu has no call that is signed and rings no phone")
  }
}
