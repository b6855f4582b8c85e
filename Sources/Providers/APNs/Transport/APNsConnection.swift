internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2
internal import PushCore

/// One HTTP/2 connection: opens a stream for each request and hands every end of one to its pool.
///
/// ```
///             first SETTINGS          GOAWAY, replaced         last stream ended
///  dialing ───────────────▶ ready ───────────────▶ draining ───────────────▶ closed
///     └──────── failure ──────┴────── socket lost, PING unanswered ─┴──────────▶
/// ```
final class APNsConnection: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  enum Phase {
    case dialing, ready, draining, closed
  }

  /// The last stream id that a client may use; a connection that comes near it is replaced.
  private static let lastStreamID = Int(Int32.max) - 2
  /// Bytes of answers after which the connection's window is opened again.
  private static let windowStep = 32_768
  /// What HTTP/2 starts with.
  private static let initialWindow = 65_535

  let number: Int
  private(set) var phase = Phase.dialing
  var limit: StreamLimit
  private var liveness: Liveness
  private var streams: [Int: Exchange] = [:]
  private var nextStreamID = 1
  /// What the server will still take of bodies, over all streams. A request that does not fit
  /// waits in the pool, in its turn, and not half sent in the HTTP/2 library.
  private var sendWindow = APNsConnection.initialWindow
  private var receivedBytes = 0
  private var needsFlush = false
  private var context: ChannelHandlerContext?
  /// Cut when the connection is closed.
  private var pool: APNsPool?

  /// Whether a request was ever answered here: one that never was counts as a failed connection.
  private(set) var hasAnswered = false
  /// Set once it has been counted.
  var isCountedAsFailed = false
  private var unansweredInRow = 0
  private var serverErrorsInRow = 0

  init(number: Int, pool: APNsPool, limit: StreamLimit, liveness: Liveness) {
    self.number = number
    self.pool = pool
    self.limit = limit
    self.liveness = liveness
  }

  var inFlight: Int { streams.count }

  /// Whether a request can leave at once.
  var canSend: Bool {
    phase == .ready && streams.count < limit.allowed && sendWindow >= APNsPayload.limitBytes
      && context?.channel.isWritable == true
  }

  // MARK: Sending

  /// Puts a request on a stream of its own; ``flush()`` sends it.
  func send(_ exchange: Exchange, authorization: SecretText?, now: NIODeadline) {
    guard let context, phase == .ready else {
      pool?.sendAgain(exchange, else: "connection_closed")
      return
    }
    if streams.isEmpty { liveness.becameBusy(at: now) }
    let streamID = nextStreamID
    nextStreamID += 2
    streams[streamID] = exchange
    var headers = exchange.request.headers
    if let authorization { headers.add(name: "authorization", value: authorization.reveal()) }
    sendWindow -= exchange.request.payload.readableBytes
    let id = HTTP2StreamID(streamID)
    context.write(
      wrapOutboundOut(HTTP2Frame(streamID: id, payload: .headers(.init(headers: headers)))),
      promise: nil)
    context.write(
      wrapOutboundOut(
        HTTP2Frame(
          streamID: id,
          payload: .data(.init(data: .byteBuffer(exchange.request.payload), endStream: true)))),
      promise: nil)
    needsFlush = true
    if nextStreamID > Self.lastStreamID { retire() }
  }

  func flush() {
    guard needsFlush else { return }
    needsFlush = false
    context?.flush()
  }

  // MARK: Ends

  /// Takes no more requests, and closes when those in flight have ended.
  func retire() {
    guard phase == .ready else { return }
    phase = .draining
    closeIfDrained()
  }

  func closeIfDrained() {
    if phase == .draining, streams.isEmpty { close() }
  }

  /// Closes the socket; whoever still waits for an answer gets `unknown` with `reason`.
  func fail(_ reason: String) {
    guard phase != .closed else { return }
    let lost = streams.sorted { $0.key < $1.key }.map(\.value)
    let wasDialing = phase == .dialing
    let pool = self.pool
    close()
    for exchange in lost { exchange.finish(.unknown, reason, blame: .host) }
    pool?.closed(self, whileDialing: wasDialing, reason: reason)
  }

  private func close() {
    guard phase != .closed else { return }
    let pool = self.pool
    phase = .closed
    streams = [:]
    self.pool = nil
    context?.close(promise: nil)
    pool?.forget(self)
  }

  /// Ends the requests whose deadline has passed.
  /// - Returns: The earliest deadline of the others.
  func passDeadlines(_ now: NIODeadline) -> NIODeadline? {
    var earliest: NIODeadline?
    var late: [Int] = []
    for (streamID, exchange) in streams {
      if exchange.deadline <= now {
        late.append(streamID)
      } else {
        earliest = min(earliest ?? exchange.deadline, exchange.deadline)
      }
    }
    guard !late.isEmpty else { return earliest }
    for streamID in late.sorted() { pass(streamID) }
    context?.flush()
    if isStuck { pool?.stuck(self) }
    closeIfDrained()
    return earliest
  }

  private func pass(_ streamID: Int) {
    guard let exchange = streams.removeValue(forKey: streamID) else { return }
    unansweredInRow += 1
    context?.write(
      wrapOutboundOut(
        HTTP2Frame(streamID: HTTP2StreamID(streamID), payload: .rstStream(.cancel))),
      promise: nil)
    pool?.unanswered(exchange, isStuck: isStuck)
  }

  /// Nothing is answered here any more.
  private var isStuck: Bool {
    guard let pool, unansweredInRow > 0 else { return false }
    return !hasAnswered || unansweredInRow >= pool.configuration.unansweredInRow
  }

  /// Sends a PING into a silence, and gives up a socket that leaves one unanswered.
  func checkLiveness(_ now: NIODeadline) {
    guard phase == .ready || phase == .draining else { return }
    switch liveness.check(at: now, isBusy: !streams.isEmpty) {
    case .none: break
    case .ping:
      context?.writeAndFlush(
        wrapOutboundOut(
          HTTP2Frame(
            streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: 0), ack: false))),
        promise: nil)
    case .dead:
      pool?.foundDead()
      fail("connection_dead")
    }
  }
}

// MARK: - What arrives

extension APNsConnection {
  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    if phase == .closed { context.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail("connection_closed")
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? NIOHTTP2Errors.StreamError {
      end(Int(error.streamID)) { $0.finish(.unknown, "stream_failed", blame: .delivery) }
      return
    }
    fail(phase == .dialing ? ConnectFailure.reason(of: error) : "connection_failed")
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as StreamClosedEvent:
      end(Int(event.streamID)) { $0.finish(.unknown, "stream_failed", blame: .delivery) }
    case let event as GreetingReader.TurnedAway:
      pool?.turnedAway(event.notice)
      fail(event.notice.reason)
    default:
      if let reason = ConnectFailure.reason(ofHandshake: event) { fail(reason) }
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard phase != .closed else { return }
    let frame = unwrapInboundIn(data)
    let streamID = Int(frame.streamID)
    switch frame.payload {
    case .headers(let headers): take(headers, streamID)
    case .data(let data): take(data, streamID)
    case .rstStream(let code): reset(streamID, code)
    case .settings(.settings(let settings)): take(settings)
    case .windowUpdate(let increment) where frame.streamID == .rootStream: sendWindow += increment
    case .goAway(let last, let code, let debugData):
      goAway(
        GoAwayNotice(
          lastStreamID: Int(last), errorCode: UInt32(code.networkCode),
          debugData: debugData.map { Array($0.readableBytesView) } ?? []))
    default: break
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { pool?.pump() }
    context.fireChannelWritabilityChanged()
  }

  /// One reading of the socket may have brought many answers: their streams are used again in
  /// one go.
  func channelReadComplete(context: ChannelHandlerContext) {
    liveness.heard(at: .now())
    closeIfDrained()
    pool?.pump()
    flush()
    context.fireChannelReadComplete()
  }

  private func take(_ settings: HTTP2Settings) {
    for setting in settings where setting.parameter == .maxConcurrentStreams {
      limit.announce(setting.value)
    }
    if phase == .dialing {
      phase = .ready
      pool?.opened(self)
    }
  }

  private func take(_ frame: HTTP2Frame.FramePayload.Headers, _ streamID: Int) {
    guard let exchange = streams[streamID] else { return }
    if exchange.status == nil {
      guard let status = frame.headers.first(name: ":status").flatMap({ Int($0) }) else { return }
      if (100..<200).contains(status), !frame.endStream { return }
      exchange.takeHead(
        status: status, id: frame.headers.first(name: "apns-id"),
        retryAfter: status == 200 ? nil : frame.headers.first(name: "retry-after"))
    }
    if frame.endStream { answered(streamID) }
  }

  private func take(_ frame: HTTP2Frame.FramePayload.Data, _ streamID: Int) {
    guard case .byteBuffer(let bytes) = frame.data else { return }
    receivedBytes += bytes.readableBytes + (frame.paddingBytes.map { $0 + 1 } ?? 0)
    if receivedBytes >= Self.windowStep, let context {
      context.write(
        wrapOutboundOut(
          HTTP2Frame(
            streamID: .rootStream, payload: .windowUpdate(windowSizeIncrement: receivedBytes))),
        promise: nil)
      receivedBytes = 0
      needsFlush = true
    }
    guard let exchange = streams[streamID] else { return }
    exchange.takeBody(bytes)
    if frame.endStream { answered(streamID) }
  }

  private func answered(_ streamID: Int) {
    guard let exchange = streams.removeValue(forKey: streamID), let pool,
      let answer = exchange.answer(at: pool.configuration.now())
    else { return }
    hasAnswered = true
    unansweredInRow = 0
    limit.sawAnswer(status: answer.status)
    serverErrorsInRow = answer.status == 500 ? serverErrorsInRow + 1 : 0
    if serverErrorsInRow >= pool.configuration.serverErrorsInRow { retire() }
    pool.answered(exchange, answer, on: self)
  }

  private func reset(_ streamID: Int, _ code: HTTP2ErrorCode) {
    pool?.sawReset()
    if code == .refusedStream {
      end(streamID) { pool?.sendAgain($0, else: "stream_refused") }
    } else {
      end(streamID) { $0.finish(.unknown, "stream_reset", blame: .delivery) }
    }
  }

  private func end(_ streamID: Int, _ finish: (Exchange) -> Void) {
    if let exchange = streams.removeValue(forKey: streamID) { finish(exchange) }
  }

  /// What the server did not process goes to another connection at once, in its order; what it
  /// did keeps waiting for its answer here.
  private func goAway(_ notice: GoAwayNotice) {
    let unprocessed = streams.keys.filter { $0 > notice.lastStreamID }.sorted()
    let exchanges = unprocessed.compactMap { streams.removeValue(forKey: $0) }
    if phase == .ready { phase = .draining }
    pool?.wentAway(notice, unprocessed: exchanges, on: self)
  }
}
