import NIOCore
import NIOHTTP1

/// Hands the response's parts to NIO's encoder, whose own type for them is not Sendable.
final class ControlResponseParts: ChannelOutboundHandler {
  typealias OutboundIn = ControlServer.ResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let part: HTTPServerResponsePart =
      switch unwrapOutboundIn(data) {
      case .head(let head): .head(head)
      case .body(let bytes): .body(.byteBuffer(bytes))
      case .end(let trailers): .end(trailers)
      }
    context.write(wrapOutboundOut(part), promise: promise)
  }
}
