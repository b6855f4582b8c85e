import NIOCore
import NIOPosix

/// Sends requests over kept-alive connections, one at a time on each, as fast as the answers come.
///
/// Answers are only looked at as far as their status and length, so that the load takes as little
/// as possible of the machine that is measured.
struct HTTPLoad: Sendable {
  struct Outcome: Sendable {
    var answers = 0
    /// Answers with another status than the one that was expected.
    var unexpected = 0
    var latencies = Latencies()
    var elapsed: Duration = .zero

    var perSecond: Double { Double(answers) / elapsed.seconds }
  }

  var host: String
  var port: Int
  var connections: Int
  var expectedStatus = 202

  /// Runs until `duration` is over; `request` gives the bytes of the request with a number.
  func run(
    for duration: Duration, request: @escaping @Sendable (_ number: Int) -> ByteBuffer
  ) async throws -> Outcome {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let clock = ContinuousClock()
    let start = clock.now
    let end = start + duration
    let expected = expectedStatus
    let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { tasks in
      for index in 0..<connections {
        tasks.addTask {
          let loop = group.next()
          let promise = loop.makePromise(of: Outcome.self)
          let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
              channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                  LoadHandler(
                    first: index, step: connections, end: end, expectedStatus: expected,
                    request: request, promise: promise))
              }
            }.connect(host: host, port: port).get()
          let outcome = try await promise.futureResult.get()
          try await channel.close().get()
          return outcome
        }
      }
      return try await tasks.reduce(into: [Outcome]()) { $0.append($1) }
    }
    var total = Outcome()
    for outcome in outcomes {
      total.answers += outcome.answers
      total.unexpected += outcome.unexpected
      total.latencies.add(outcome.latencies)
    }
    total.elapsed = clock.now - start
    try await group.shutdownGracefully()
    return total
  }

  /// A request with a JSON body.
  static func post(_ path: String, host: String, key: String, body: String) -> ByteBuffer {
    ByteBuffer(
      string: "POST \(path) HTTP/1.1\r\nhost: \(host)\r\nauthorization: Bearer \(key)\r\n"
        + "content-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
  }
}

/// One connection of a load.
private final class LoadHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var number: Int
  private let step: Int
  private let end: ContinuousClock.Instant
  private let expectedStatus: Int
  private let request: @Sendable (Int) -> ByteBuffer
  private let promise: EventLoopPromise<HTTPLoad.Outcome>
  private var outcome = HTTPLoad.Outcome()
  private var received = ByteBuffer()
  private var sentAt = ContinuousClock.now
  private var finished = false

  init(
    first: Int, step: Int, end: ContinuousClock.Instant, expectedStatus: Int,
    request: @escaping @Sendable (Int) -> ByteBuffer, promise: EventLoopPromise<HTTPLoad.Outcome>
  ) {
    number = first
    self.step = step
    self.end = end
    self.expectedStatus = expectedStatus
    self.request = request
    self.promise = promise
  }

  func channelActive(context: ChannelHandlerContext) { send(context) }

  private func send(_ context: ChannelHandlerContext) {
    sentAt = .now
    context.writeAndFlush(wrapOutboundOut(request(number)), promise: nil)
    number += step
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    received.writeBuffer(&part)
    while let status = takeAnswer() {
      let now = ContinuousClock.now
      outcome.answers += 1
      if status != expectedStatus { outcome.unexpected += 1 }
      outcome.latencies.add(now - sentAt)
      guard now < end else {
        finish()
        return
      }
      send(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    outcome.unexpected += finished ? 0 : 1
    finish()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func finish() {
    guard !finished else { return }
    finished = true
    promise.succeed(outcome)
  }

  /// - Returns: The status of the answer at the front, taken away; nil while it is not whole.
  private func takeAnswer() -> Int? {
    let view = received.readableBytesView
    guard let head = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let text = String(decoding: view[..<head.lowerBound], as: UTF8.self).lowercased()
    var length = 0
    if let field = text.firstRange(of: "content-length:") {
      let digits = text[field.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }
      length = Int(digits) ?? 0
    }
    let whole = view.distance(from: view.startIndex, to: head.upperBound) + length
    guard received.readableBytes >= whole else { return nil }
    received.moveReaderIndex(forwardBy: whole)
    received.discardReadBytes()
    return Int(text.dropFirst("http/1.1 ".count).prefix(3))
  }
}
