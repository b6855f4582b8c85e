internal import Logging
internal import NIOCore
internal import PushCore

/// What the ends of requests mean for the pool.
extension APNsPool {
  func answered(_ exchange: Exchange, _ answer: APNsAnswer, on connection: APNsConnection) {
    counters.answered += 1
    let rule = APNsOutcome.rule(
      status: answer.status, reason: answer.reason, topicIsListed: exchange.request.topicIsListed)
    if rule.blame != .credential { recovered() }
    if rule.remedy != .none { connection.retire() }
    switch rule.remedy {
    case .resend where exchange.resends < configuration.resends:
      return sendAgain(exchange, else: answer.reason ?? "")
    case .resendWithNewToken where !exchange.hadNewToken:
      if let wait = renewToken(for: exchange) {
        var result = result(exchange, answer, rule)
        result.retryAfter = wait
        return exchange.finish(result)
      }
      return
    default: break
    }
    switch answer.reason {
    case APNsReason.badDeviceToken.rawValue where answer.status == 400:
      refusedTokens.insert(exchange.request.deviceToken, at: .now())
    case APNsReason.tooManyProviderTokenUpdates.rawValue:
      tokens?.tooManyUpdates(at: configuration.now())
    default: break
    }
    exchange.finish(result(exchange, answer, rule))
  }

  private func result(
    _ exchange: Exchange, _ answer: APNsAnswer, _ rule: APNsOutcome.Rule
  ) -> AttemptResult {
    APNsOutcome.result(
      answer, rule: rule, payloadSHA256: exchange.request.payloadSHA256, sentAt: exchange.sentAt)
  }

  /// Sends a request again with a new provider token.
  /// - Returns: Where Apple would refuse a new one so soon: how long to wait for it.
  private func renewToken(for exchange: Exchange) -> Duration? {
    guard let tokens else { return .zero }
    let wait = tokens.refused(generation: exchange.tokenGeneration, at: configuration.now())
    guard wait == .zero else { return wait }
    exchange.hadNewToken = true
    putBack(exchange)
    return nil
  }

  /// The deadline passed after the request was sent.
  func unanswered(_ exchange: Exchange, isStuck: Bool) {
    counters.deadlinesPassed += 1
    exchange.finish(.unknown, "no_answer", blame: isStuck ? .host : .delivery)
  }

  /// Nothing is answered on a connection any more: it gets no more requests.
  func stuck(_ connection: APNsConnection) {
    guard connection.phase == .ready else { return }
    counters.deadConnections += 1
    if !connection.hasAnswered { backOff(from: connection, "no_answer") }
    logger.warning(
      "APNs connection answers nothing", metadata: metadata(connection, reason: "no_answer"))
    connection.retire()
    pump()
  }

  func foundDead() { counters.deadConnections += 1 }

  func sawReset() { counters.streamResets += 1 }

  /// The server sends this connection away. Where it does so for the credential's sake, every
  /// other connection would fare the same: what waits ends, and reconnecting backs off.
  func wentAway(
    _ notice: GoAwayNotice, unprocessed: [Exchange], on connection: APNsConnection
  ) {
    counters.goAways += 1
    counters.lastGoAwayReason = notice.reason
    logger.info("APNs sent GOAWAY", metadata: metadata(connection, reason: notice.reason))
    if notice.blamesCredential {
      for exchange in unprocessed { exchange.finish(.retry, notice.reason, blame: .credential) }
    } else {
      for exchange in unprocessed.reversed() { sendAgain(exchange, else: "goaway") }
    }
    if notice.blamesCredential || !connection.hasAnswered {
      backOff(from: connection, notice.reason)
    }
    pump()
  }

  /// The server turned a new connection away before it could be used.
  func turnedAway(_ notice: GoAwayNotice) {
    counters.goAways += 1
    counters.lastGoAwayReason = notice.reason
  }
}
