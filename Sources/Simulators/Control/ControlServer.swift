import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PushCore

/// Plain HTTP/1.1 for whoever steers a simulator: tests, scripts, a person with curl.
final class ControlServer: Sendable {
  typealias ResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>
  typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>
  typealias Writer = NIOAsyncChannelOutboundWriter<ResponsePart>
  typealias Listener = NIOAsyncChannel<Connection, Never>

  let port: Int
  private let listener: any Channel
  private let serving: Task<Void, Never>

  static let maxBodyBytes = 1_048_576

  private init(listener: any Channel, serving: Task<Void, Never>) {
    self.listener = listener
    self.serving = serving
    port = listener.localAddress?.port ?? 0
  }

  static func start(
    host: String, port: Int, group: any EventLoopGroup, logger: Logger, routes: some ControlRoutes
  ) async throws(SimulatorError) -> ControlServer {
    let listener: Listener
    do {
      listener = try await ServerBootstrap(group: group)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: host, port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline()
            try channel.pipeline.syncOperations.addHandler(ControlResponseParts())
            return try Connection(wrappingChannelSynchronously: channel)
          }
        }
    } catch {
      throw .cannotListen(host: host, port: port, for: error)
    }
    let serving = Task {
      do {
        try await listener.executeThenClose { connections in
          try await withThrowingDiscardingTaskGroup { group in
            for try await connection in connections {
              group.addTask { await serve(connection, routes: routes, logger: logger) }
            }
          }
        }
      } catch {
        logger.debug("The control endpoint ended", metadata: ["error": "\(error)"])
      }
    }
    return ControlServer(listener: listener.channel, serving: serving)
  }

  func stop() async {
    serving.cancel()
    await serving.value
  }

  // MARK: One connection

  private static func serve(
    _ connection: Connection, routes: some ControlRoutes, logger: Logger
  ) async {
    do {
      try await connection.executeThenClose { inbound, outbound in
        var parts = inbound.makeAsyncIterator()
        while let (head, body) = try await request(from: &parts) {
          guard let body else {
            let problem = ControlAnswer.problem(
              "The body is longer than \(maxBodyBytes) bytes.", status: .payloadTooLarge)
            return try await write(problem, keepAlive: false, to: outbound)
          }
          let answer = await routes.answer(ControlRequest(head, body: body))
          if case .lines(let next) = answer {
            return try await stream(next, to: outbound, channel: connection.channel)
          }
          try await write(answer, keepAlive: head.isKeepAlive, to: outbound)
          if !head.isKeepAlive { return }
        }
      }
    } catch {
      logger.debug("A control connection ended", metadata: ["error": "\(error)"])
    }
  }

  /// - Returns: nil at the end of the connection; without a body where it is too long.
  private static func request(
    from parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  ) async throws -> (HTTPRequestHead, [UInt8]?)? {
    guard case .head(let head)? = try await parts.next() else { return nil }
    var body: [UInt8] = []
    while let part = try await parts.next() {
      switch part {
      case .head: return nil
      case .body(let bytes):
        body.append(contentsOf: bytes.readableBytesView)
        if body.count > maxBodyBytes { return (head, nil) }
      case .end: return (head, body)
      }
    }
    return nil
  }

  private static func write(
    _ answer: ControlAnswer, keepAlive: Bool,
    to outbound: Writer
  ) async throws {
    var status = HTTPResponseStatus.ok
    var type = "application/json"
    var bytes: [UInt8] = []
    switch answer {
    case .json(let value, let code):
      status = code
      bytes = value.serialized() + [UInt8(ascii: "\n")]
    case .text(let text, let contentType):
      type = contentType
      bytes = Array(text.utf8)
    case .lines: return
    }
    let headers = HTTPHeaders([
      ("content-type", type), ("content-length", String(bytes.count)),
      ("connection", keepAlive ? "keep-alive" : "close"),
    ])
    try await outbound.write(contentsOf: [
      .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)),
      .body(ByteBuffer(bytes: bytes)), .end(nil),
    ])
  }

  /// Streams until there is no more, or the client is gone.
  private static func stream(
    _ next: @escaping @Sendable () async -> [UInt8]?, to outbound: Writer, channel: any Channel
  ) async throws {
    let headers = HTTPHeaders([("content-type", "application/x-ndjson"), ("connection", "close")])
    try await outbound.write(
      .head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)))
    let streaming = Task {
      while let bytes = await next() {
        try await outbound.write(.body(ByteBuffer(bytes: bytes)))
      }
      try await outbound.write(.end(nil))
    }
    channel.closeFuture.whenComplete { _ in streaming.cancel() }
    try await withTaskCancellationHandler {
      try await streaming.value
    } onCancel: {
      streaming.cancel()
    }
  }
}
