internal import PushCore

/// The calls that carry one content to its recipients.
struct VivoSending {
  static let sendPath = "/message/send"
  static let savePath = "/message/saveListPayload"
  static let listPath = "/message/pushToList"

  var content: JSON
  var scope: ChannelScope<VivoCredential>

  func send(to push: PreparedPush) async -> Verdict {
    if let closed { return closed }
    let body = content.setting("regId", to: .string(push.token))
      .setting("requestId", to: .string(requestID([push])))
    switch await call(Self.sendPath, body) {
    case .failure(let verdict): return verdict
    case .success(let answer):
      if let invalid = answer.invalid.first {
        return told(invalid.verdict, answer)
      }
      return told(Verdict(.accepted), answer)
    }
  }

  /// - Parameter pushes: 2 to 1,000.
  func send(toAll pushes: [PreparedPush]) async -> BatchSplit.Answer {
    if let closed { return .whole(closed) }
    let saved = await call(
      Self.savePath, content.setting("requestId", to: .string(requestID(pushes) + "-save")))
    let taskID: String
    switch saved {
    case .failure(var verdict):
      // What was only put down there rings nobody.
      if verdict.kind == .unknown { verdict.kind = .notTaken }
      return .whole(verdict)
    case .success(let answer):
      guard let id = answer.taskID else {
        return .whole(Verdict(.serverFault, status: answer.status, reason: "task_missing"))
      }
      taskID = id
    }
    return await send(task: taskID, to: pushes)
  }

  private func send(
    task: String, to pushes: [PreparedPush]
  ) async -> BatchSplit.Answer {
    let body = JSON.object(present: [
      ("appId", .integer(scope.credential.appID)), ("taskId", .string(task)),
      ("regIds", .array(pushes.map { .string($0.token) })),
      ("requestId", .string(requestID(pushes))),
      ("pushMode", content["pushMode"]),
    ])
    switch await call(Self.listPath, body) {
    case .failure(let verdict): return .whole(verdict)
    case .success(let answer):
      var invalid: [String: Verdict] = [:]
      for entry in answer.invalid {
        if let token = entry.token { invalid[token] = entry.verdict }
      }
      return .each(
        pushes.map { push in
          var verdict = told(invalid[push.token] ?? Verdict(.accepted), answer)
          verdict.messageID = answer.taskID ?? task
          return verdict
        })
    }
  }

  /// Another one in every attempt and for each part of a list, at most 64 characters: whether vivo
  /// refuses one that it knows is not said, and what is tried again must not end there.
  private func requestID(_ pushes: [PreparedPush]) -> String {
    guard let first = pushes.first?.request else { return "" }
    return "\(first.deliveryID.lowercaseText)-\(first.attempt)-\(pushes.count)"
  }

  // MARK: One call

  /// - Returns: An answer with `result` 0, or what any other means for all recipients.
  private func call(_ path: String, _ body: JSON) async -> CallResult {
    let request = HTTPCall.json(
      scope.credential.origin + path, body,
      headers: [("authToken", scope.session.reveal())])
    switch await scope.call(request) {
    case .failure(let failure): return .failure(Verdict(failure))
    case .success(let answer):
      guard let read = VivoAnswer(answer) else {
        return .failure(.unreadable(answer, at: scope.now))
      }
      guard read.code != 0 else { return .success(read) }
      let isList = path != Self.sendPath
      return .failure(refusal(read, isList: isList, answer.retryAfter(at: scope.now)))
    }
  }

  private enum CallResult {
    case success(VivoAnswer)
    case failure(Verdict)
  }

  private func refusal(
    _ answer: VivoAnswer, isList: Bool, _ retryAfter: Duration?
  ) -> Verdict {
    var verdict = Verdict(
      .messageRefused, status: answer.status, reason: String(answer.code), retryAfter: retryAfter)
    let midnight = ChinaDay.untilMidnightInChina(at: scope.now)
    switch VivoOutcome.of(answer.code) {
    case nil: break
    case .means(let kind): verdict.kind = kind
    case .volumeUsedUp: close(VivoMessage.volume(of: content), for: midnight, &verdict)
    case .nightRest:
      let morning = Self.untilMorning(midnight: midnight)
      close(VivoMessage.volume(of: content), for: morning, &verdict)
    case .listsUsedUp: if isList { close(.lists, for: midnight, &verdict) }
    }
    return verdict
  }

  /// Operation messages begin at 7:00 in China.
  static func untilMorning(midnight: Duration) -> Duration {
    let sinceMidnight = Duration.seconds(24 * 3600) - midnight
    let morning = Duration.seconds(7 * 3600)
    return sinceMidnight < morning ? morning - sinceMidnight : midnight + morning
  }

  /// The push itself comes again soon, and then learns without a call how long to wait. Many that
  /// came at once may hold up the credential, but only for this moment.
  private func close(
    _ volume: VivoVolumes.Volume, for wait: Duration, _ verdict: inout Verdict
  ) {
    scope.credential.volumes.close(
      volume, .init(until: scope.now + wait, code: verdict.reason ?? ""), at: scope.now)
    verdict.kind = .recipientThrottled
    verdict.retryAfter = Verdict.shortPause
  }

  /// Its volume was found used up after it was made ready.
  private var closed: Verdict? {
    let volume = VivoMessage.volume(of: content)
    return scope.credential.volumes.closure(of: volume, at: scope.now).map {
      Verdict(.recipientThrottled, reason: $0.code, retryAfter: Verdict.shortPause)
    }
  }

  private func told(_ verdict: Verdict, _ answer: VivoAnswer) -> Verdict {
    var verdict = verdict
    verdict.status = answer.status
    verdict.messageID = answer.taskID
    return verdict
  }
}
