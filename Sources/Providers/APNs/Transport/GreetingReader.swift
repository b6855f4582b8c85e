internal import NIOCore

/// Looks at the first frame that a server sends, before HTTP/2 does: one that turns a client away
/// with a GOAWAY in place of its SETTINGS breaks the protocol, and its reason would be lost.
///
/// ```
/// 3 bytes length │ 1 type │ 1 flags │ 4 stream │ 4 last stream │ 4 error code │ debug data …
/// ```
final class GreetingReader: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// A server turned the client away: seen by the handlers behind.
  struct TurnedAway {
    var notice: GoAwayNotice
  }

  private static let frameHeaderBytes = 9
  private static let goAwayType: UInt8 = 7
  /// A first frame longer than this is not looked at.
  private static let longestFrame = 16_384

  private var seen = ByteBuffer()
  private var isDone = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDone else { return context.fireChannelRead(data) }
    var bytes = unwrapInboundIn(data)
    seen.writeBuffer(&bytes)
    guard let type: UInt8 = seen.getInteger(at: seen.readerIndex + 3) else { return }
    if type == Self.goAwayType, seen.readableBytes <= Self.longestFrame {
      if let notice = Self.notice(in: seen) {
        isDone = true
        context.fireUserInboundEventTriggered(TurnedAway(notice: notice))
      }
      return
    }
    isDone = true
    context.fireChannelRead(wrapInboundOut(seen))
    seen = ByteBuffer()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  /// Nil while the frame is not complete.
  static func notice(in frame: ByteBuffer) -> GoAwayNotice? {
    var frame = frame
    guard frame.readableBytes >= frameHeaderBytes, let high: UInt8 = frame.readInteger(),
      let low: UInt16 = frame.readInteger()
    else { return nil }
    let length = Int(high) << 16 | Int(low)
    frame.moveReaderIndex(forwardBy: frameHeaderBytes - 3)
    guard length >= 8, var body = frame.readSlice(length: length),
      let last: UInt32 = body.readInteger(), let code: UInt32 = body.readInteger()
    else { return nil }
    return GoAwayNotice(
      lastStreamID: Int(last & 0x7FFF_FFFF), errorCode: code,
      debugData: Array(body.readableBytesView))
  }
}
