import NIOCore
import NIOPosix
import Postgres
import PushCore

@testable import API

/// A connection of its own that holds a stream of notifications.
struct StreamClient {
  struct Event: Sendable {
    var id: String?
    var name: String?
    var data: JSON

    var message: String? { data["message_id"]?.string }
  }

  let status: Int
  let head: String
  private let channel: any Channel
  private var lines: AsyncStream<String>.Iterator

  /// Asks for a stream; a refused one has a status and no event.
  init(
    _ path: String, port: Int, authorization: String, lastEventID: String? = nil
  ) async throws {
    let (lines, line) = AsyncStream.makeStream(of: String.self)
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(LineHandler(line))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    var request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: \(authorization)\r\n"
    if let lastEventID { request += "Last-Event-ID: \(lastEventID)\r\n" }
    try await channel.writeAndFlush(ByteBuffer(string: request + "\r\n"))
    var iterator = lines.makeAsyncIterator()
    var head = ""
    while let line = await iterator.next(), line != "\r" { head += line + "\n" }
    self.head = head
    status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
    self.lines = iterator
  }

  /// The next line that is not the frame of a chunk; nil once the server ended the connection.
  mutating func line() async -> String? {
    while let line = await lines.next() {
      if !line.hasSuffix("\r") { return line }
    }
    return nil
  }

  /// The next event; nil once the server ended the connection.
  mutating func event() async throws -> Event? {
    var event = Event(data: .null)
    while let line = await line() {
      if line.isEmpty, event.data != .null { return event }
      let parts = line.split(separator: ": ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "id": event.id = String(parts[1])
      case "event": event.name = String(parts[1])
      case "data": event.data = try JSON.parse(Array(parts[1].utf8))
      default: break
      }
    }
    return nil
  }

  /// The next events.
  mutating func events(_ count: Int) async throws -> [Event] {
    var events: [Event] = []
    while events.count < count, let event = try await event() { events.append(event) }
    return events
  }

  /// Hangs up without a word.
  func close() async throws { try await channel.close() }

  func hangUp() { channel.close(promise: nil) }
}

/// Cuts what comes into lines.
private final class LineHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let lines: AsyncStream<String>.Continuation
  private var rest = ByteBuffer()

  init(_ lines: AsyncStream<String>.Continuation) { self.lines = lines }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    rest.writeBuffer(&part)
    while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest.readString(length: end - rest.readerIndex)
      rest.moveReaderIndex(forwardBy: 1)
      lines.yield(line ?? "")
    }
    rest.discardReadBytes()
  }

  func channelInactive(context: ChannelHandlerContext) { lines.finish() }
}

extension APIRig {
  /// A device that is told on a stream.
  static let streamDevice: JSON = [
    "platform": "android", "provider": "callback", "token": "stream",
  ]

  static func stream(of user: String, _ device: String = "phone") -> String {
    "/v1/users/\(user)/devices/\(device)/notifications"
  }

  func registerStream(_ user: String = "bob", _ device: String = "phone") async throws {
    _ = try await put("/v1/users/\(user)/devices/\(device)", Self.streamDevice)
  }

  /// Sends messages and waits until what they make due is due.
  func sendAndFold(_ ids: [String], to: JSON = ["user": "bob"]) async throws {
    var last: Position = 0
    for id in ids {
      last = try await post("/v1/messages", PostMessages.message(id, to: to)).position ?? 0
    }
    _ = try await get("/v1/users/bob/devices?at_least=\(last)")
  }

  func openStream(
    _ user: String = "bob", _ device: String = "phone", lastEventID: String? = nil,
    key: String? = nil
  ) async throws -> StreamClient {
    try await StreamClient(
      Self.stream(of: user, device), port: port, authorization: "Bearer \(key ?? self.key)",
      lastEventID: lastEventID)
  }

  func acknowledge(
    _ id: String?, _ user: String = "bob", _ device: String = "phone", key: String?? = .none
  ) async throws -> Answer {
    try await post(
      Self.stream(of: user, device) + "/ack", ["up_to": .string(id ?? "")], key: key)
  }

  func rows(of table: String) async throws -> Int64 {
    try await pool.query("select count(*) from \(table)")[0].get(0)
  }

  /// Attempts in the ledger, as `message attempt outcome`.
  func attempts() async throws -> [String] {
    try await events().filter { $0.event.type == .pushAttempted }.compactMap { event in
      guard case .pushAttempted(let attempt) = try event.event.body() else { return nil }
      return "\(attempt.message) \(attempt.attempt) \(attempt.outcome.rawValue)"
    }
  }
}
