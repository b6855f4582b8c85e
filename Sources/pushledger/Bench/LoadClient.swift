import NIOCore
import NIOPosix
import PushCore
import Synchronization

/// Sends requests over some HTTP/1.1 connections as fast as they are answered, one at a time on
/// each. It reads of an answer only its status and length, to leave the cores to the server.
struct LoadClient: Sendable {
  struct Outcome: Sendable {
    var latencies = Latencies()
    /// Answers that were not 202.
    var failures = 0
  }

  let port: Int
  let path: String
  let key: String

  /// - Parameters:
  ///   - duration: Nothing new is sent after it.
  ///   - body: Of the request with this number, from 1.
  func run(
    connections: Int, for duration: Duration, body: @escaping @Sendable (Int) -> String
  ) async throws -> (Outcome, seconds: Double) {
    let head = """
      POST \(path) HTTP/1.1\r
      Host: 127.0.0.1\r
      Authorization: Bearer \(key)\r
      Content-Type: application/json\r
      Content-Length:\u{20}
      """
    let shared = SharedLoad(head: head, until: .now + duration, body: body)
    let watch = Stopwatch()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<connections {
        group.addTask {
          let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
              channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(LoadConnection(shared))
              }
            }
            .connect(host: "127.0.0.1", port: port).get()
          try await channel.closeFuture.get()
        }
      }
      try await group.waitForAll()
    }
    return (shared.outcome.withLock { $0 }, watch.seconds)
  }
}

/// What all connections of a load share.
private final class SharedLoad: Sendable {
  let head: String
  let until: ContinuousClock.Instant
  let body: @Sendable (Int) -> String
  let outcome = Mutex(LoadClient.Outcome())
  private let number = Mutex(0)

  init(
    head: String, until: ContinuousClock.Instant, body: @escaping @Sendable (Int) -> String
  ) {
    self.head = head
    self.until = until
    self.body = body
  }

  func next() -> Int {
    number.withLock { number in
      number += 1
      return number
    }
  }
}

/// One connection: a request, its answer, the next request.
private final class LoadConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let accepted = Array("HTTP/1.1 202".utf8)
  private static let headEnd = Array("\r\n\r\n".utf8)
  private static let contentLength = Array("content-length:".utf8)

  private let load: SharedLoad
  private var outcome = LoadClient.Outcome()
  private var sentAt = ContinuousClock.now
  private var answer = ByteBuffer()

  init(_ load: SharedLoad) { self.load = load }

  func channelActive(context: ChannelHandlerContext) { send(context) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    answer.writeBuffer(&buffer)
    guard let isAccepted = takeAnswer() else { return }
    outcome.latencies.add(sentAt.duration(to: .now))
    if !isAccepted { outcome.failures += 1 }
    send(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    load.outcome.withLock { total in
      total.latencies.add(outcome.latencies)
      total.failures += outcome.failures
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    outcome.failures += 1
    context.close(promise: nil)
  }

  private func send(_ context: ChannelHandlerContext) {
    guard ContinuousClock.now < load.until else {
      context.close(promise: nil)
      return
    }
    let body = load.body(load.next())
    var buffer = context.channel.allocator.buffer(
      capacity: load.head.utf8.count + body.utf8.count + 16)
    buffer.writeString(load.head)
    buffer.writeString("\(body.utf8.count)\r\n\r\n")
    buffer.writeString(body)
    sentAt = .now
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  /// - Returns: Whether it is a 202; nil as long as it is not whole.
  private func takeAnswer() -> Bool? {
    let bytes = answer.readableBytesView
    guard let end = bytes.firstRange(of: Self.headEnd) else { return nil }
    let head = bytes[..<end.lowerBound]
    var length = 0
    for line in head.split(separator: UInt8(ascii: "\n")) {
      let name = line.prefix(Self.contentLength.count).map { $0 | 0x20 }
      guard name == Self.contentLength.map({ $0 | 0x20 }) else { continue }
      let digits = line.dropFirst(Self.contentLength.count)
        .filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      length = Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }
    let whole = bytes.distance(from: bytes.startIndex, to: end.upperBound) + length
    guard bytes.count >= whole else { return nil }
    let isAccepted = head.starts(with: Self.accepted)
    answer.moveReaderIndex(forwardBy: whole)
    answer.discardReadBytes()
    return isAccepted
  }
}
