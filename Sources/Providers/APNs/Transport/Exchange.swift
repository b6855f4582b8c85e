internal import NIOCore
internal import PushCore

/// A request on its way to its pool's event loop.
struct Submission: Sendable {
  var request: APNsRequest
  /// When the answer must be there.
  var deadline: NIODeadline
  var reply: CheckedContinuation<AttemptResult, Never>
}

/// One request from its admission to its one answer. Lives on its pool's event loop.
final class Exchange {
  /// What is kept of a response's body; Apple's reasons are far below it.
  static let bodyBytes = 4_096

  let request: APNsRequest
  let deadline: NIODeadline
  private var reply: CheckedContinuation<AttemptResult, Never>?

  /// How often it was sent again because it was provably not processed.
  var resends = 0
  /// Whether it was sent again with a provider token made for it.
  var hadNewToken = false
  var tokenGeneration = 0
  /// Wall time of the last sending.
  var sentAt = Timestamp(microseconds: 0)

  private(set) var status: Int?
  private var id: String?
  private var retryAfter: String?
  private var body: [UInt8] = []

  init(_ submission: Submission) {
    request = submission.request
    deadline = submission.deadline
    reply = submission.reply
  }

  var isFinished: Bool { reply == nil }

  /// Hands the result to whoever waits; only the first one counts.
  func finish(_ result: AttemptResult) {
    guard let reply else { return }
    self.reply = nil
    reply.resume(returning: result)
  }

  /// Ends without an answer of APNs.
  func finish(
    _ outcome: AttemptOutcome, _ reason: String, blame: AttemptBlame,
    retryAfter: Duration? = nil
  ) {
    finish(
      AttemptResult(
        outcome, reason: reason, retryAfter: retryAfter, blame: blame,
        payloadSHA256: request.payloadSHA256))
  }

  func takeHead(status: Int, id: String?, retryAfter: String?) {
    self.status = status
    self.id = id
    self.retryAfter = retryAfter
  }

  func takeBody(_ bytes: ByteBuffer) {
    body.append(contentsOf: bytes.readableBytesView.prefix(Self.bodyBytes - body.count))
  }

  /// Forgets what came of an answer, before it is sent again.
  func startOver() {
    status = nil
    id = nil
    retryAfter = nil
    body = []
  }

  /// The answer; nil before its head.
  func answer(at now: Timestamp) -> APNsAnswer? {
    status.map {
      APNsAnswer(status: $0, id: id, retryAfter: retryAfter, body: body, now: now)
    }
  }
}
