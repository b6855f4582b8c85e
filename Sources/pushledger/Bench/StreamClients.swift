import Foundation
import Ledger
import NIOCore
import NIOPosix
import PushCore
import Synchronization

/// The clients of many streams, in a process of their own: this executable once more.
struct StreamClients {
  struct Latency: Sendable {
    var p50: Double
    var p99: Double
  }

  private static let keyVariable = "PUSHLEDGER_BENCH_KEY"
  private static let ready = "ready"

  static func user(_ number: Int) -> String { "u\(number)" }

  private static let mark = "sent at "

  /// A message's text that says when it was sent.
  static func text(sentAt time: Timestamp) -> String { mark + String(time.microseconds) + "." }

  // MARK: The process that measures

  private let process: Process
  private let lines: AsyncStream<String>

  static func start(
    streams: Int, notifications: Int, port: Int, key: String
  ) throws -> StreamClients {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "bench", "--hold-streams", "\(streams)", "--hold-until", "\(notifications)", "--hold-port",
      "\(port)",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging([keyVariable: key]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    let (lines, line) = AsyncStream.makeStream(of: String.self)
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      guard !data.isEmpty else {
        handle.readabilityHandler = nil
        line.finish()
        return
      }
      for text in String(decoding: data, as: UTF8.self).split(separator: "\n") {
        line.yield(String(text))
      }
    }
    try process.run()
    return StreamClients(process: process, lines: lines)
  }

  func waitUntilReady() async throws {
    for await line in lines {
      if line == Self.ready { return }
    }
    throw BenchError.clientsFailed
  }

  func finish() async throws -> Latency {
    var found: Latency?
    for await line in lines {
      let numbers = line.split(separator: " ").compactMap { Double($0) }
      if numbers.count == 2 { found = Latency(p50: numbers[0], p99: numbers[1]) }
    }
    process.waitUntilExit()
    guard let found else { throw BenchError.clientsFailed }
    return found
  }

  // MARK: The process of the clients

  /// Holds streams until so many notifications came, and prints how long those took.
  static func hold(streams: Int, until notifications: Int, port: Int) async throws {
    guard let key = ProcessInfo.processInfo.environment[keyVariable] else {
      throw BenchError.clientsFailed
    }
    let record = Record(wanted: notifications)
    var next = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      let atOnce = 200
      while next < streams {
        if next >= atOnce { try await group.next() }
        let number = next
        next += 1
        group.addTask { try await open(number, port: port, key: key, record) }
      }
      try await group.waitForAll()
    }
    Output.line(ready)
    fflush(nil)
    await record.wait()
    let latencies = record.latencies
    Output.line("\(latencies.percentile(0.5)) \(latencies.percentile(0.99))")
  }

  private static func open(
    _ number: Int, port: Int, key: String, _ record: Record
  ) async throws {
    let opened = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(StreamHandler(record, opened))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    let request = """
      GET /v1/users/\(user(number))/devices/phone/notifications HTTP/1.1\r
      Host: 127.0.0.1\r
      Authorization: Bearer \(key)\r
      \r\n
      """
    try await channel.writeAndFlush(ByteBuffer(string: request))
    try await opened.futureResult.get()
  }

  /// What all streams together were told.
  private final class Record: Sendable {
    private let wanted: Int
    private let state = Mutex(Latencies())
    private let done = AsyncStream.makeStream(of: Never.self)

    init(wanted: Int) { self.wanted = wanted }

    var latencies: Latencies { state.withLock { $0 } }

    func add(_ latency: Duration) {
      let count = state.withLock { latencies in
        latencies.add(latency)
        return latencies.count
      }
      if count >= wanted { done.continuation.finish() }
    }

    func wait() async { for await _ in done.stream {} }
  }

  private final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let record: Record
    private var opened: EventLoopPromise<Void>?
    private var rest = ""

    init(_ record: Record, _ opened: EventLoopPromise<Void>) {
      self.record = record
      self.opened = opened
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      rest += String(buffer: unwrapInboundIn(data))
      if opened != nil {
        // The first line of the body: the server has taken the stream in.
        guard rest.contains("retry:") else { return }
        if rest.hasPrefix("HTTP/1.1 200") {
          opened?.succeed()
        } else {
          opened?.fail(BenchError.clientsFailed)
        }
        opened = nil
        rest = ""
        return
      }
      while let found = rest.firstRange(of: mark),
        let end = rest[found.upperBound...].firstIndex(of: ".")
      {
        if let sentAt = Int64(rest[found.upperBound..<end]) {
          record.add(max(.zero, Timestamp.systemClock() - Timestamp(microseconds: sentAt)))
        }
        rest = String(rest[end...].dropFirst())
      }
      if !rest.contains(mark.prefix(1)) { rest = "" }
    }

    func channelInactive(context: ChannelHandlerContext) {
      opened?.fail(BenchError.clientsFailed)
      opened = nil
    }
  }
}
