import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Reads and drops what still comes of a request that was answered before its end and asked for
/// `Connection: close`: many a client sends all of its body before it reads the answer, and would
/// wait for ever. The connection's idle time bounds it, and a number of bytes.
final class DrainHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private static let bytesLimit = 64 << 20

  private var isLastRequest = false
  private var drains = false
  private var drained = 0

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if drains {
      if case .body(let bytes) = part { drained += bytes.readableBytes }
      if drained > Self.bytesLimit { context.close(promise: nil) }
      return
    }
    if case .head(let head) = part {
      isLastRequest = head.headerFields[.connection] == "close"
    }
    context.fireChannelRead(data)
  }

  /// Nobody behind this handler asks for more.
  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    if drains { context.read() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let part = unwrapOutboundIn(data)
    context.write(data, promise: promise)
    if isLastRequest, case .end = part {
      drains = true
      context.read()
    }
  }
}
