internal import PushCore

/// Web Push (RFC 8030): whatever server a browser named, one encrypted request for each push.
enum WebPushChannel: ProviderChannel {
  static var name: ProviderName { .webpush }
  static var guide: CredentialGuide { WebPushCredential.guide }
  static var hasManyHosts: Bool { true }

  static func readCredential(
    settings: JSON, secret: SecretText
  ) throws(FieldError) -> WebPushCredential {
    try WebPushCredential(settings: settings, secret: secret)
  }

  static func checkToken(_ token: JSON, field: String) throws(FieldError) {
    let wayOut = "Register the object that the browser's PushSubscription.toJSON() gives, as it is."
    guard token.members != nil else {
      throw FieldError(
        .wrongType, field, "is \(token.kind); a subscription is an object. \(wayOut)")
    }
    do {
      _ = try WebPushSubscription(token)
    } catch {
      throw FieldError(
        .badFormat, field, "is no push subscription: its \(error.problem). \(wayOut)")
    }
  }

  static func host(of request: PushRequest, _ credential: WebPushCredential) -> String {
    WebPushSubscription.host(of: request.token)
  }

  static func suspect(at host: String, _ credential: WebPushCredential) -> MassGuard.Suspect {
    credential.suspect(at: host)
  }

  static func prepare(
    _ request: PushRequest, _ scope: ChannelScope<WebPushCredential>
  ) throws(Refused) -> PreparedPush {
    guard let subscription = WebPushSubscription(request.token) else {
      throw Refused(.messageRefused, "subscription_malformed")
    }
    guard mayCall(subscription.endpoint, scope.credential) else {
      throw Refused(.messageRefused, "host_not_allowed")
    }
    return PreparedPush(
      request,
      content: try WebPushMessage.content(
        of: request, limitBytes: scope.credential.payloadLimit))
  }

  static func send(
    _ pushes: [PreparedPush], _ scope: ChannelScope<WebPushCredential>
  ) async -> [Verdict] {
    var verdicts: [Verdict] = []
    for push in pushes { verdicts.append(await send(push, scope)) }
    return verdicts
  }

  private static func send(
    _ push: PreparedPush, _ scope: ChannelScope<WebPushCredential>
  ) async -> Verdict {
    guard let subscription = WebPushSubscription(push.token),
      let body = try? WebPushEncryption.encrypt(
        push.content.serialized(), for: subscription.recipient)
    else { return Verdict(.messageRefused, reason: "subscription_malformed") }
    let first = await post(body, push, to: subscription.endpoint, scope)
    guard case .success(let answer) = first,
      let moved = WebPushOutcome.target(of: answer, from: subscription.endpoint)
    else { return verdict(first, scope) }
    guard mayCall(moved, scope.credential) else {
      return Verdict(.messageRefused, status: answer.status, reason: "host_not_allowed")
    }
    return verdict(await post(body, push, to: moved, scope), scope)
  }

  private static func post(
    _ body: [UInt8], _ push: PreparedPush, to address: WebAddress,
    _ scope: ChannelScope<WebPushCredential>
  ) async -> Result<HTTPAnswer, HTTPFailure> {
    let credential = scope.credential
    guard let token = try? credential.tokens.token(for: address.origin, at: scope.now) else {
      return .failure(HTTPFailure(reason: "key_does_not_sign", mayHaveArrived: false))
    }
    var headers = WebPushMessage.headers(of: push.request, to: address.host, at: scope.now)
    headers.append(("authorization", "vapid t=\(token), k=\(credential.publicKey)"))
    var call = HTTPCall(address.url, headers: headers, body: body)
    call.mustBePublic = !credential.allowsPrivate
    return await scope.call(call)
  }

  private static func verdict(
    _ result: Result<HTTPAnswer, HTTPFailure>, _ scope: ChannelScope<WebPushCredential>
  ) -> Verdict {
    switch result {
    case .success(let answer): WebPushOutcome.verdict(answer, at: scope.now)
    case .failure(let failure): Verdict(failure)
    }
  }

  private static func mayCall(_ address: WebAddress, _ credential: WebPushCredential) -> Bool {
    credential.hosts?.hold(address.host) ?? true
  }

  static func prove(_ scope: ChannelScope<WebPushCredential>) async -> CredentialProof {
    .cannotTell(
      "the key signs, and no push service knows one without a subscription; browsers subscribe"
        + " with applicationServerKey \(scope.credential.publicKey)")
  }
}
