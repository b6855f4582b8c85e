internal import PushCore

/// Xiaomi's push service: a form, up to 1,000 tokens, the secret in a header.
enum XiaomiChannel: ProviderChannel {
  static let name = ProviderName.xiaomi
  static let needsTopic = true
  static let guide = XiaomiCredential.guide
  static let recipients = 1_000

  private static let path = "/v2/message/regid"

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> XiaomiCredential {
    try XiaomiCredential(settings: settings, secret: secret)
  }

  static func host(of request: PushRequest, _ credential: XiaomiCredential) -> String {
    credential.host
  }

  static func pace(_ credential: XiaomiCredential) -> Pace.Limits {
    Pace.Limits(perSecond: credential.requestsPerSecond)
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<XiaomiCredential>
  ) throws(Refused) -> PreparedPush {
    // Tokens stand in a list with commas between.
    guard !request.token.isEmpty, !request.token.contains(",") else {
      throw Refused(.messageRefused, "token_malformed")
    }
    let content = try XiaomiMessage.make(request, scope)
    return PreparedPush(request, content: content, batch: content.serialized())
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<XiaomiCredential>
  ) async -> [Verdict] {
    let verdicts = await BatchSplit.send(
      pushes, in: [pushes.indices], concernsOne: XiaomiOutcome.concernsOne
    ) { part in .whole(await answer(to: part, scope)) }
    return zip(pushes, verdicts).map { XiaomiOutcome.verdict($1, on: $0.request) }
  }

  /// Sends one request; its answer is about all of them.
  private static func answer(
    to pushes: [PreparedPush], _ scope: ChannelScope<XiaomiCredential>
  ) async -> Verdict {
    var fields: [(String, String)] = []
    for member in pushes.first?.content.members ?? [] {
      if let text = member.value.string { fields.append((member.key, text)) }
    }
    fields.append(("registration_id", pushes.map(\.token).joined(separator: ",")))
    let call = HTTPCall.form(
      scope.credential.origin + path, fields, headers: [authorization(scope)])
    switch await scope.call(call) {
    case .success(let answer): return XiaomiOutcome.verdict(on: answer, at: scope.now)
    case .failure(let failure): return Verdict(failure)
    }
  }

  private static func authorization(
    _ scope: ChannelScope<XiaomiCredential>
  ) -> (name: String, value: String) {
    ("authorization", "key=" + scope.credential.appSecret.reveal())
  }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try XiaomiReceipts.read(call)
  }

  /// Asks how much of the day's number is left.
  static func prove(_ scope: ChannelScope<XiaomiCredential>) async -> CredentialProof {
    let call = HTTPCall.get(
      scope.credential.origin + "/v1/trace/quota/get", headers: [authorization(scope)])
    switch await scope.call(call) {
    case .success(let answer):
      return CredentialProof(XiaomiOutcome.verdict(on: answer, at: scope.now))
    case .failure(let failure): return .unreachable(failure.reason)
    }
  }
}
