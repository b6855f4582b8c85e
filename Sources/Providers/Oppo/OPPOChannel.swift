internal import PushCore

/// OPPO's push service, for realme and OnePlus, too: a form that holds JSON, one token or up to
/// 1,000 with a content each, and a session's token.
enum OPPOChannel: ProviderChannel {
  static let name = ProviderName.oppo
  static let guide = OPPOCredential.guide
  static let recipients = 1_000
  static let hasSessions = true

  /// The messages of one request together, as JSON: own, as OPPO names no limit.
  private static let requestBytes = 262_144
  private static let path = "/server/v1/message/notification/"

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> OPPOCredential {
    try OPPOCredential(settings: settings, secret: secret)
  }

  static func host(of request: PushRequest, _ credential: OPPOCredential) -> String {
    credential.host(.init(ofToken: request.token))
  }

  static func pace(_ credential: OPPOCredential) -> Pace.Limits {
    Pace.Limits(perSecond: credential.requestsPerSecond)
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<OPPOCredential>
  ) throws(Refused) -> PreparedPush {
    // Contents may differ in a request; the server may not.
    let region = OPPOCredential.Region(ofToken: request.token)
    return PreparedPush(
      request, content: try OPPOMessage.make(request, scope), batch: Array(region.rawValue.utf8))
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<OPPOCredential>
  ) async -> [Verdict] {
    let messages = pushes.map { OPPOMessage.message($0).serialized() }
    return await BatchSplit.send(
      pushes, in: parts(messages.map(\.count)), concernsOne: OPPOOutcome.concernsOne
    ) { part in await answer(to: part, scope) }
  }

  /// Cuts messages of so many bytes into requests that are not too long.
  private static func parts(_ sizes: [Int]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    var bytes = 0
    for (index, size) in sizes.enumerated() {
      if bytes + size > requestBytes, index > start {
        parts.append(start..<index)
        start = index
        bytes = 0
      }
      bytes += size
    }
    if start < sizes.count { parts.append(start..<sizes.count) }
    return parts
  }

  private static func answer(
    to pushes: [PreparedPush], _ scope: ChannelScope<OPPOCredential>
  ) async -> BatchSplit.Answer {
    let messages = pushes.map(OPPOMessage.message)
    guard let first = pushes.first else { return .each([]) }
    let origin = scope.credential.origin(.init(ofToken: first.token))
    let isAlone = messages.count == 1
    let call = HTTPCall.form(
      origin + path + (isAlone ? "unicast" : "unicast_batch"),
      [
        isAlone ? ("message", messages[0].text) : ("messages", JSON.array(messages).text),
        ("auth_token", scope.session.reveal()),
      ])
    switch await scope.call(call) {
    case .success(let answer):
      return isAlone
        ? .whole(OPPOOutcome.single(answer, at: scope.now))
        : OPPOOutcome.each(pushes, answer, at: scope.now)
    case .failure(let failure): return .whole(Verdict(failure))
    }
  }

  static func openSession(
    _ scope: ChannelScope<OPPOCredential>
  ) async -> Result<SessionToken, SessionTokens.Refusal> { await OPPOSession.open(scope) }

  static func readReceipts(_ call: ReceiptCall) throws(FieldError) -> ReceiptReading {
    try OPPOReceipts.read(call)
  }

  /// OPPO gave a session's token for the credential: that is the proof.
  static func prove(_ scope: ChannelScope<OPPOCredential>) async -> CredentialProof { .works }
}
