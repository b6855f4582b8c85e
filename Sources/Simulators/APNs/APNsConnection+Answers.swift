import NIOCore
import PushCore

// MARK: - Faults

extension APNsConnection {
  func perform(
    _ effect: APNsSimulator.Fault.Effect, delay: Duration, _ push: PushInHand,
    _ checked: CheckedPush
  ) {
    switch effect {
    case .accept: accept(push, checked, delay: delay)
    case .answer(let answer): refuse(push, answer, checked, delay: delay)
    case .silence(let accepted): recordLoss(push, checked, accepted)
    case .reset(let code, let accepted):
      recordLoss(push, checked, accepted)
      connection?.reset(push.stream, code: code)
    case .close(let accepted):
      recordLoss(push, checked, accepted)
      connection?.close()
    case .halfDead(let accepted):
      recordLoss(push, checked, accepted)
      connection?.freeze()
    case .goAway(var goAway):
      if goAway.lastStream == .previous, lastJudged > push.stream { goAway.lastStream = .this }
      if goAway.lastStream == .this {
        accept(push, checked, delay: delay)
      } else {
        recordLoss(push, checked, false)
      }
      self.goAway(goAway, stream: lastJudged)
    }
  }

  private func recordLoss(_ push: PushInHand, _ checked: CheckedPush, _ accepted: Bool) {
    record(push, checked, status: accepted ? 200 : 0, isAnswered: false)
  }

  /// - Parameter stream: the stream that ``APNsSimulator/Fault/GoAway/LastStream/this`` means.
  func goAway(_ goAway: APNsSimulator.Fault.GoAway, stream: UInt32) {
    guard let connection else { return }
    let last: UInt32 =
      switch goAway.lastStream {
      case .this: stream
      case .previous: stream > 2 ? stream - 2 : 0
      case .zero: 0
      }
    let debug = goAway.debugText.map { Array($0.utf8) } ?? goAway.reason.map(Self.reasonJSON) ?? []
    for _ in 0..<max(1, goAway.frames) {
      connection.goAway(lastStream: last, code: goAway.code, debug: debug)
    }
    if goAway.closes { connection.closeWhenAnswered() }
  }

  private static func reasonJSON(_ reason: String) -> [UInt8] {
    JSON.object([JSON.Member("reason", .string(reason))]).serialized()
  }
}

extension APNsSimulator.Fault.Answer {
  /// What the answer's DATA frame holds: Apple sends `timestamp` with 410 only.
  func bytes(now: Timestamp) -> [UInt8] {
    if let body { return Array(body.utf8) }
    if status == 200 { return [] }
    let time: JSON? = status == 410 ? .integer(timestamp ?? now.milliseconds) : .none
    return JSON.object(present: [("reason", reason.map { .string($0) }), ("timestamp", time)])
      .serialized()
  }
}

// MARK: - Answers

extension APNsConnection {
  /// Answers held back longer than this go out although there are too few of them.
  private static var longestHold: TimeAmount { .milliseconds(20) }

  func send(_ answer: PushAnswer, delay: Duration) {
    var wait = conditions.latency + delay
    if conditions.jitter > .zero {
      let most = conditions.jitter.wholeMicroseconds
      wait += .microseconds(Int64.random(in: 0...most, using: &random))
    }
    guard wait > .zero else { return deliver(answer) }
    delayed.add(answer, due: .now() + TimeAmount(wait))
    schedule()
  }

  private func schedule() {
    guard let due = delayed.nextDue, let context = connection?.context else { return }
    if let timer {
      guard due < timer.due else { return }
      timer.task.cancel()
    }
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
      [weak self] () -> Void in
      self?.deliverDue()
    }
    timer = (due, task)
  }

  private func deliverDue() {
    timer = nil
    for (_, answer) in delayed.take(until: .now()) { deliver(answer) }
    connection?.flush()
    schedule()
  }

  private func deliver(_ answer: PushAnswer) {
    guard conditions.reversedAnswers > 1 else { return write(answer) }
    held.append(answer)
    if held.count >= conditions.reversedAnswers {
      releaseHeld()
    } else if held.count == 1 {
      connection?.context?.eventLoop.assumeIsolated().scheduleTask(in: Self.longestHold) {
        [weak self] in
        self?.releaseHeld()
        self?.connection?.flush()
      }
    }
  }

  private func releaseHeld() {
    let answers = held
    held.removeAll()
    for answer in answers.reversed() { write(answer) }
  }

  private func write(_ answer: PushAnswer) {
    var fields: [(String, String)] = [("apns-id", answer.apnsID)]
    if let uniqueID = answer.uniqueID { fields.append(("apns-unique-id", uniqueID)) }
    if !answer.body.isEmpty { fields.append(("content-type", "application/json")) }
    connection?.answer(answer.stream, status: answer.status, fields: fields, body: answer.body)
  }
}
