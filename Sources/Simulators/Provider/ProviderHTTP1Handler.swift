import NIOCore
import NIOHTTP1

/// Answers the requests of one HTTP/1.1 connection, one after the other, each on the event loop.
final class ProviderHTTP1Handler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let engine: ProviderEngine
  private let number: Int
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var isBodyTooLong = false

  init(engine: ProviderEngine, number: Int) {
    self.engine = engine
    self.number = number
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
      isBodyTooLong = false
      if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
        let goOn = HTTPResponseHead(version: head.version, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
      }
    case .body(let bytes):
      // Read to its end all the same: a client that is cut off would not read the answer.
      isBodyTooLong =
        isBodyTooLong || body.count + bytes.readableBytes > ProviderEngine.maxBodyBytes
      if !isBodyTooLong { body.append(contentsOf: bytes.readableBytesView) }
    case .end:
      guard let head else { return }
      self.head = nil
      if isBodyTooLong {
        write(ProviderEngine.bodyTooLong, to: head, keepAlive: head.isKeepAlive, context)
      } else {
        act(on: head, context)
      }
    }
  }

  private func act(on head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let request = SimulatedRequest(
      method: head.method.rawValue, target: head.uri,
      headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body,
      isHTTP2: false, connection: number)
    body = []
    switch engine.act(on: request) {
    case .answer(let answer, let delay):
      guard delay > .zero else {
        return write(answer, to: head, keepAlive: head.isKeepAlive, context)
      }
      context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
        guard context.channel.isActive else { return }
        self.write(answer, to: head, keepAlive: head.isKeepAlive, context)
      }
    case .silence: break
    case .close, .reset: context.close(promise: nil)
    case .answerThenGoAway(let answer): write(answer, to: head, keepAlive: false, context)
    }
  }

  private func write(
    _ answer: SimulatedAnswer, to head: HTTPRequestHead, keepAlive: Bool,
    _ context: ChannelHandlerContext
  ) {
    var headers = HTTPHeaders(answer.headers)
    if answer.status != 204 {
      headers.add(name: "content-length", value: String(answer.body.count))
    }
    headers.add(name: "connection", value: keepAlive ? "keep-alive" : "close")
    let status = HTTPResponseStatus(statusCode: answer.status)
    context.write(
      wrapOutboundOut(
        .head(HTTPResponseHead(version: head.version, status: status, headers: headers))),
      promise: nil)
    if !answer.body.isEmpty {
      let bytes = context.channel.allocator.buffer(bytes: answer.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }
    let end = wrapOutboundOut(.end(nil))
    if keepAlive {
      context.writeAndFlush(end, promise: nil)
    } else {
      let written = context.eventLoop.makePromise(of: Void.self)
      written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      context.writeAndFlush(end, promise: written)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
