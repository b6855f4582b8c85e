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
  /// With its query.
  let path: String
  /// An API key; nil where the path tells who asks.
  let key: String?
  /// The status of an answer that is no failure.
  var status = 202

  /// - Parameters:
  ///   - duration: Nothing new is sent after it.
  ///   - body: Of the request with this number, from 1.
  func run(
    connections: Int, for duration: Duration, body: @escaping @Sendable (Int) -> String
  ) async throws -> (Outcome, seconds: Double) {
    let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    let head = """
      POST \(path) HTTP/1.1\r
      Host: 127.0.0.1\r
      \(authorization)Content-Type: application/json\r
      Content-Length:\u{20}
      """
    let shared = SharedLoad(
      head: head, accepted: "HTTP/1.1 \(status)", until: .now + duration, body: body)
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
  /// How an answer begins that is no failure.
  let accepted: [UInt8]
  let until: ContinuousClock.Instant
  let body: @Sendable (Int) -> String
  let outcome = Mutex(LoadClient.Outcome())
  private let number = Mutex(0)

  init(
    head: String, accepted: String, until: ContinuousClock.Instant,
    body: @escaping @Sendable (Int) -> String
  ) {
    self.head = head
    self.accepted = Array(accepted.utf8)
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

  private static let name = Array("content-length:".utf8)

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
    let found: (length: Int, isAccepted: Bool)? = answer.withUnsafeReadableBytes { bytes in
      guard let end = Self.end(of: bytes) else { return nil }
      let whole = end + Self.contentLength(of: bytes[..<end])
      guard bytes.count >= whole else { return nil }
      return (whole, bytes.starts(with: load.accepted))
    }
    guard let found else { return nil }
    answer.moveReaderIndex(forwardBy: found.length)
    answer.discardReadBytes()
    return found.isAccepted
  }

  /// Where the head ends, with its empty line.
  private static func end(of bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 3..<bytes.count
    where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 {
      return index + 1
    }
    return nil
  }

  private static func contentLength(of head: Slice<UnsafeRawBufferPointer>) -> Int {
    var start = head.startIndex
    while let end = head[start...].firstIndex(of: 10) {
      let line = head[start..<end]
      start = end + 1
      // `Content-Length: ` in any case; only letters differ in that bit.
      guard line.count > name.count,
        zip(line, name).allSatisfy({ $0 | 0x20 == $1 })
      else { continue }
      return line.dropFirst(name.count).reduce(0) { length, byte in
        byte >= 0x30 && byte <= 0x39 ? length * 10 + Int(byte - 0x30) : length
      }
    }
    return 0
  }
}
