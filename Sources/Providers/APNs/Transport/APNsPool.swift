internal import Logging
internal import NIOCore
internal import PushCore

/// The connections of one credential to one host, and the requests that wait for a stream on
/// them. Everything in it happens on one event loop.
///
/// ```
///  admit ─▶ waiting (first in, first out, bounded) ─▶ pump ─▶ a connection with a free stream
///              ▲                                                  │
///              └──────── in front: not processed, bounded ────────┤
///                                                                 ▼
///                                                    answered, unknown, not sent in time
/// ```
final class APNsPool {
  let configuration: APNsConfiguration
  let identity: PoolIdentity
  let dialer: APNsDialer
  let logger: Logger
  /// Nil with certificate authentication.
  let tokens: ProviderTokens?
  let eventLoop: any EventLoop

  var connections: [APNsConnection] = []
  var waiting = CircularBuffer<Exchange>()
  var backoff: Backoff
  /// No connection is tried before.
  var nextDial: NIODeadline?
  var refusedTokens: RefusedTokens
  var counters: ProviderStatus
  private var lastRequest = NIODeadline.now()
  private var isPumping = false
  private var isClosing = false
  private var connectionsMade = 0

  /// The next look at deadlines, silence and idleness.
  var upkeep: Scheduled<Void>?
  var upkeepIsSlow = false
  /// No deadline of a request lies before.
  var earliestDeadline: NIODeadline?
  var drained: EventLoopPromise<Void>?

  /// A connection that a pool loses is replaced without being asked for while the last request
  /// is younger than this.
  static let recentUse = TimeAmount.seconds(60)

  init(
    identity: PoolIdentity, configuration: APNsConfiguration, dialer: APNsDialer,
    tokens: ProviderTokens?, eventLoop: any EventLoop, logger: Logger
  ) {
    self.identity = identity
    self.configuration = configuration
    self.dialer = dialer
    self.tokens = tokens
    self.eventLoop = eventLoop
    self.logger = logger
    backoff = Backoff(
      first: configuration.firstReconnect, longest: configuration.longestReconnect)
    refusedTokens = RefusedTokens(memory: TimeAmount(configuration.refusedTokenMemory))
    counters = ProviderStatus(
      provider: .apns, app: identity.app, credentialID: identity.credentialID, host: identity.host)
  }

  var inFlight: Int { connections.reduce(0) { $0 + $1.inFlight } }

  private var readyConnections: Int { connections.count { $0.phase == .ready } }

  // MARK: Requests

  func admit(_ submissions: [Submission]) {
    let now = NIODeadline.now()
    lastRequest = now
    for submission in submissions {
      let exchange = Exchange(submission)
      if isClosing {
        exchange.finish(.retry, "shutting_down", blame: .delivery)
      } else if waiting.count >= configuration.waitingRequests {
        exchange.finish(.retry, "connection_full", blame: .host)
      } else {
        waiting.append(exchange)
        earliestDeadline = min(earliestDeadline ?? exchange.deadline, exchange.deadline)
      }
    }
    pump()
    scheduleUpkeep()
  }

  /// Gives waiting requests to free streams, and opens a connection where there are too few.
  func pump() {
    guard !isPumping else { return }
    isPumping = true
    let now = NIODeadline.now()
    while !waiting.isEmpty, freest() != nil {
      while let exchange = waiting.first, let connection = freest() {
        waiting.removeFirst()
        if !exchange.isFinished { start(exchange, on: connection, now: now) }
      }
      for connection in connections { connection.flush() }
    }
    isPumping = false
    openIfWanted(now)
  }

  private func freest() -> APNsConnection? {
    var best: APNsConnection?
    for connection in connections where connection.canSend {
      if let known = best, known.inFlight <= connection.inFlight { continue }
      best = connection
    }
    return best
  }

  private func start(_ exchange: Exchange, on connection: APNsConnection, now: NIODeadline) {
    let wallTime = configuration.now()
    guard wallTime < exchange.request.expiresAt else {
      return exchange.finish(.expired, "expired", blame: .delivery)
    }
    guard !refusedTokens.holds(exchange.request.deviceToken, at: now) else {
      return exchange.finish(.rejected, "bad_device_token_known", blame: .delivery)
    }
    exchange.sentAt = wallTime
    guard let tokens else {
      return connection.send(exchange, authorization: nil, now: now)
    }
    do {
      let token = try tokens.token(at: wallTime)
      exchange.tokenGeneration = token.generation
      connection.send(exchange, authorization: token.authorization, now: now)
    } catch {
      exchange.finish(.retry, "provider_token_not_signed", blame: .credential)
    }
  }

  /// Sends again, before all that wait, what was provably not processed; a request that this
  /// happens to too often ends as `retry` with `reason`.
  func sendAgain(_ exchange: Exchange, else reason: String) {
    guard exchange.resends < configuration.resends else {
      return exchange.finish(.retry, reason, blame: .host)
    }
    exchange.resends += 1
    putBack(exchange)
  }

  func putBack(_ exchange: Exchange) {
    guard !isClosing else { return exchange.finish(.retry, "shutting_down", blame: .delivery) }
    counters.resent += 1
    exchange.startOver()
    waiting.prepend(exchange)
  }

  // MARK: Connections

  /// One connection is dialed at a time, and none while a failed one is backed off from: then,
  /// with no other connection to wait for, requests end at once instead of in vain.
  func openIfWanted(_ now: NIODeadline) {
    let ready = readyConnections
    guard ready < configuration.connections, !isClosing,
      !connections.contains(where: { $0.phase == .dialing })
    else { return }
    let recent = min(Self.recentUse, TimeAmount(configuration.closeWhenIdle))
    let isInUse = ready == 0 && connectionsMade > 0 && now - lastRequest < recent
    guard !waiting.isEmpty || isInUse else { return }
    if let nextDial, now < nextDial {
      if ready == 0 { failWaiting(retryAfter: .nanoseconds((nextDial - now).nanoseconds)) }
      return
    }
    open(now)
  }

  private func open(_ now: NIODeadline) {
    connectionsMade += 1
    let connection = APNsConnection(
      number: connectionsMade, pool: self,
      limit: StreamLimit(cap: configuration.streamsPerConnection, needsWarmUp: tokens != nil),
      liveness: Liveness(
        whenBusy: TimeAmount(configuration.pingWhenBusy),
        whenIdle: TimeAmount(configuration.pingWhenIdle),
        timeout: TimeAmount(configuration.pingTimeout), now: now))
    connections.append(connection)
    dialer.dial(connection, on: eventLoop)
    scheduleUpkeep()
  }

  private func failWaiting(retryAfter: Duration) {
    let reason = counters.lastConnectFailure ?? "connect_failed"
    let blame: AttemptBlame =
      APNsReason(rawValue: reason)?.blamesCredential == true ? .credential : .host
    let failed = waiting
    waiting = CircularBuffer()
    for exchange in failed {
      exchange.finish(.retry, reason, blame: blame, retryAfter: retryAfter)
    }
  }

  /// The connection can be used.
  func opened(_ connection: APNsConnection) {
    counters.connectionsOpened += 1
    logger.debug("APNs connection opened", metadata: metadata(connection))
  }

  /// A connection has no request left and was closed.
  func forget(_ connection: APNsConnection) {
    connections.removeAll { $0 === connection }
    finishClosing()
  }

  /// A connection was lost, or did not come about. One that never brought an answer delays the
  /// next; any other is replaced at once.
  func closed(_ connection: APNsConnection, whileDialing: Bool, reason: String) {
    if !connection.hasAnswered { backOff(from: connection, reason) }
    logger.info(
      whileDialing ? "APNs connection failed" : "APNs connection lost",
      metadata: metadata(connection, reason: reason))
    pump()
    scheduleUpkeep()
    finishClosing()
  }

  func backOff(from connection: APNsConnection, _ reason: String) {
    guard !connection.isCountedAsFailed else { return }
    connection.isCountedAsFailed = true
    let wait = backoff.failed(jitter: configuration.jitter())
    nextDial = .now() + TimeAmount(wait)
    counters.connectFailures += 1
    counters.lastConnectFailure = reason
  }

  /// An answer came: whatever failed before is over.
  func recovered() {
    guard nextDial != nil || backoff.failures > 0 else { return }
    backoff.succeeded()
    nextDial = nil
    counters.lastConnectFailure = nil
  }

  func metadata(_ connection: APNsConnection, reason: String? = nil) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "app": "\(identity.app)", "credential": "\(identity.credentialID)",
      "host": "\(identity.host)", "connection": "\(connection.number)",
    ]
    if let reason { metadata["reason"] = "\(reason)" }
    return metadata
  }

  // MARK: Closing

  /// Answers what waits, and closes each connection after its last answer.
  func close() -> EventLoopFuture<Void> {
    isClosing = true
    let unsent = waiting
    waiting = CircularBuffer()
    for exchange in unsent { exchange.finish(.retry, "shutting_down", blame: .delivery) }
    let promise = drained ?? eventLoop.makePromise(of: Void.self)
    drained = promise
    for connection in connections {
      if connection.phase == .dialing {
        connection.fail("shutting_down")
      } else {
        connection.retire()
      }
    }
    finishClosing()
    return promise.futureResult
  }

  /// The grace is over: who still waits for an answer won't get one.
  func closeNow() {
    for connection in connections { connection.fail("shutting_down") }
  }

  private func finishClosing() {
    guard isClosing, connections.isEmpty else { return }
    upkeep?.cancel()
    upkeep = nil
    drained?.succeed(())
    drained = nil
  }

  func isIdle(_ now: NIODeadline) -> Bool {
    waiting.isEmpty && inFlight == 0
      && now - lastRequest >= TimeAmount(configuration.closeWhenIdle)
  }
}
