import NIOCore
import NIOSSL
import PushCore

/// One client's connection: judges its pushes and answers them, or fails to on demand.
final class APNsConnection: HTTP2Service {
  typealias Connection = HTTP2ServerConnection<APNsConnection>

  let number: Int
  let core: SimulatorCore
  private var credential = ConnectionCredential(certificate: nil)
  private(set) var conditions: APNsSimulator.Conditions
  var random: SplitMix64
  weak var connection: Connection?
  private var isAuthenticated = false
  private var isLimitLowered = false
  private var refusals = 0
  private(set) var lastJudged: UInt32 = 0
  private var arrivals = 0
  private(set) var now: Timestamp
  var delayed = DelayedAnswers()
  var timer: (due: NIODeadline, task: Scheduled<Void>)?
  var held: [PushAnswer] = []

  static var maxBodyBytes: Int { 32_768 }

  init(core: SimulatorCore) {
    self.core = core
    number = core.registry.nextNumber()
    conditions = core.conditions
    now = core.configuration.clock()
    random = SplitMix64(seed: .random(in: .min ... .max))
  }

  // MARK: HTTP2Service

  func opened(_ connection: Connection) {
    guard let context = connection.context else { return }
    self.connection = connection
    core.registry.add(self, eventLoop: context.eventLoop)
    conditions = core.conditions
    credential = ConnectionCredential(certificate: certificate(in: context))
    if case .sentAway(let reason) = conditions.newConnections {
      return goAwayNow(APNsSimulator.Fault.GoAway(reason: reason, lastStream: .zero))
    }
    isAuthenticated = credential.hasCertificate
    connection.start(
      streamLimit: isAuthenticated
        ? conditions.streamLimit : core.configuration.streamLimitBeforeToken)
  }

  private func certificate(
    in context: ChannelHandlerContext
  ) -> Result<APNsSimulator.ClientCertificate, PushRefusal>? {
    guard
      let shown = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
    else { return nil }
    let known = core.configuration.clientCertificates.first { known in
      (try? NIOSSLCertificate(bytes: Array(known.certificatePEM.utf8), format: .pem)) == shown
    }
    guard let known else { return .failure(PushRefusal(.badCertificate)) }
    guard known.environment == nil || known.environment == core.configuration.environment else {
      return .failure(PushRefusal(.badCertificateEnvironment))
    }
    return .success(known)
  }

  func received(_ request: HTTP2Request, on connection: Connection) {
    if arrivals == 0 { now = core.configuration.clock() }
    arrivals += 1
    guard let head = try? PushHead(request.headers) else {
      return connection.reset(request.stream, code: HTTP2Code.protocolError)
    }
    lastJudged = max(lastJudged, request.stream)
    let given = head.apnsID.flatMap { PushID($0) }
    let id = given ?? PushID(using: &random)
    let push = PushInHand(
      stream: request.stream, head: head, id: id,
      apnsID: given == nil ? id.text : head.apnsID ?? id.text, body: request.body)
    do throws(PushRefusal) {
      let checked = try judge(push)
      act(on: push, checked)
    } catch {
      refuse(push, error)
    }
  }

  func readAll(_ connection: Connection) {
    guard arrivals > 0 else { return }
    arrivals = 0
    core.log.announce()
  }

  func closed() {
    core.registry.remove(number)
    timer?.task.cancel()
    timer = nil
    delayed.removeAll()
    held.removeAll()
  }

  // MARK: Judging

  private func judge(_ push: PushInHand) throws(PushRefusal) -> CheckedPush {
    let head = push.head
    let path = try PushChecks.checkLine(head)
    if let id = head.apnsID, PushID(id) == nil { throw PushRefusal(.badMessageID) }
    let admission = try credential.admit(
      authorization: head.authorization, keys: core.keys, now: now)
    if !isAuthenticated {
      isAuthenticated = true
      connection?.setStreamLimit(conditions.streamLimit)
    }
    let named = head.pushType.flatMap { PushKind(rawValue: $0) }
    let (topic, bundleID) = try PushChecks.checkTopic(head, kind: named, admission: admission)
    if head.pushType != nil, named == nil { throw PushRefusal(.invalidPushType) }
    let kind = named ?? PushKind(topic: topic)
    if kind == .location, admission.isCertificate { throw PushRefusal(.forbidden) }
    try PushChecks.checkFields(head, kind: kind)
    let payload = try PushChecks.checkPayload(push.body, kind: kind)
    let token = try PushChecks.checkToken(path)
    return CheckedPush(
      token: token, topic: topic, bundleID: bundleID, badge: payload["aps"]?["badge"]?.integer)
  }

  private func act(on push: PushInHand, _ checked: CheckedPush) {
    switch core.faults.meet(checked) {
    case .nothing: accept(push, checked)
    case .refused(let refusal): refuse(push, refusal, checked)
    case .fault(let effect, let delay): perform(effect, delay: delay, push, checked)
    }
  }

  func accept(_ push: PushInHand, _ checked: CheckedPush, delay: Duration = .zero) {
    record(push, checked, status: 200)
    if isLimitLowered {
      isLimitLowered = false
      connection?.setStreamLimit(conditions.streamLimit)
    }
    send(
      PushAnswer(stream: push.stream, status: 200, apnsID: push.apnsID, uniqueID: uniqueID()),
      delay: delay)
  }

  private func refuse(_ push: PushInHand, _ refusal: PushRefusal, _ checked: CheckedPush? = nil) {
    refuse(
      push, APNsSimulator.Fault.Answer(refusal.reason, timestamp: refusal.since?.milliseconds),
      checked)
  }

  func refuse(
    _ push: PushInHand, _ answer: APNsSimulator.Fault.Answer, _ checked: CheckedPush?,
    delay: Duration = .zero
  ) {
    record(push, checked, status: answer.status, reason: answer.reason)
    send(
      PushAnswer(
        stream: push.stream, status: answer.status, apnsID: push.apnsID, uniqueID: uniqueID(),
        body: answer.bytes(now: now)),
      delay: delay)
    guard answer.status != 200, answer.status != 410 else { return }
    if let lowered = conditions.streamLimitAfterRefusal, !isLimitLowered {
      isLimitLowered = true
      connection?.setStreamLimit(lowered)
    }
    refusals += 1
    if let limit = conditions.refusalsBeforeGoAway, refusals == limit {
      goAwayNow(APNsSimulator.Fault.GoAway(reason: answer.reason, lastStream: .this))
    }
  }

  /// Notes what arrived and what becomes of it.
  func record(
    _ push: PushInHand, _ checked: CheckedPush?, status: Int, reason: String? = nil,
    isAnswered: Bool = true
  ) {
    core.log.append(
      ReceivedLog.Entry(
        token: checked?.token ?? push.pathToken, topic: checked?.topic ?? push.head.topic ?? "",
        id: push.id, collapseID: push.head.collapseID, badge: checked?.badge,
        expiration: push.head.expiration.flatMap { Int64($0) }, body: push.body, receivedAt: now,
        status: status, reason: reason, isAnswered: isAnswered, connection: number))
  }

  private func uniqueID() -> String? {
    core.configuration.environment == .sandbox ? PushID(using: &random).text : nil
  }

  // MARK: From outside

  func follow(_ conditions: APNsSimulator.Conditions) {
    self.conditions = conditions
    if isAuthenticated {
      isLimitLowered = false
      connection?.setStreamLimit(conditions.streamLimit)
    }
    connection?.flush()
  }

  func goAwayNow(_ goAway: APNsSimulator.Fault.GoAway) {
    var goAway = goAway
    if goAway.lastStream == .previous { goAway.lastStream = .this }
    self.goAway(goAway, stream: lastJudged)
    connection?.flush()
  }

  func closeNow() { connection?.close() }

  func freezeNow() { connection?.freeze() }
}

/// A push between its arrival and its answer.
struct PushInHand {
  var stream: UInt32
  var head: PushHead
  var id: PushID
  /// As the answer carries it.
  var apnsID: String
  var body: ByteBuffer

  /// The last part of the path, in lower case, whatever it is.
  var pathToken: String {
    head.path.split(separator: "/", omittingEmptySubsequences: false).last?.lowercased() ?? ""
  }
}
