import NIOCore
import NIOHPACK
import NIOTLS

/// The server's side of one HTTP/2 connection: frames, header blocks, windows, the stream limit.
///
/// Written here because a simulator must do on demand what a correct library forbids: leave a PING
/// unanswered, name a last stream that was not the last, go silent in the middle. It also costs a
/// quarter of what a channel for each stream does.
final class HTTP2ServerConnection<Service: HTTP2Service>: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case open
    /// Reads on, writes nothing.
    case frozen
    case closed
  }

  let service: Service
  private var phase = Phase.open
  private(set) var context: ChannelHandlerContext?
  private var reader = HTTP2FrameReader()
  private var decoder: HPACKDecoder
  private var headerBlock: HTTP2OpenHeaderBlock?
  var streams: [UInt32: HTTP2OpenStream] = [:]
  private(set) var highestStream: UInt32 = 0
  var out = ByteBuffer()
  var peer = HTTP2PeerWindows()
  /// Answers whose body waits for the client's window.
  var waitingBodies: [(stream: UInt32, body: ArraySlice<UInt8>)] = []
  var forgetsTable = false
  private var limit = HTTP2StreamLimit(0)
  private var unreportedBytes = 0
  /// Set by a GOAWAY: streams above it are never looked at.
  private(set) var lastStream: UInt32?
  private var closesWhenAnswered = false
  private var readWaits = false

  static var maxHeaderListBytes: Int { 8_000 }
  /// What a client may send over all streams before it must wait: room for a good thousand pushes.
  private static var connectionWindowBytes: Int { 1_048_576 }
  /// What a client may send on one stream: it is never granted more, so a body must fit.
  private static var streamWindowBytes: Int {
    max(HTTP2Frame.defaultWindowBytes, Service.maxBodyBytes + HTTP2Frame.maxPayloadBytes)
  }
  /// Consumed bytes are granted anew in steps of at least this size.
  private static var windowStepBytes: Int { 16_384 }

  init(service: Service) {
    self.service = service
    decoder = HPACKDecoder(
      allocator: ByteBufferAllocator(), maxDynamicTableSize: 4_096,
      maxHeaderListSize: Self.maxHeaderListBytes)
  }

  // MARK: The channel's events

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent { open() }
  }

  /// Begins to speak: at the end of the TLS handshake, or where that is over already.
  func open() {
    service.opened(self)
    flush()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard phase == .open else { return }
    var bytes = unwrapInboundIn(data)
    reader.append(&bytes)
    do {
      while phase == .open, let frame = try reader.next() { try receive(frame) }
    } catch {
      goAway(lastStream: highestStream, code: error.code, debug: Array(error.problem.utf8))
      close()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard phase == .open else { return }
    service.readAll(self)
    if unreportedBytes >= Self.windowStepBytes {
      out.writeWindowUpdate(stream: 0, bytes: unreportedBytes)
      unreportedBytes = 0
    }
    flush()
  }

  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable || phase == .frozen {
      context.read()
    } else {
      readWaits = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if readWaits, context.channel.isWritable {
      readWaits = false
      context.read()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    phase = .closed
    streams.removeAll()
    service.closed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // MARK: What the service may do

  /// SETTINGS, which must be the first frame. Their stream limit binds at once, even a client
  /// that has not read it.
  func start(streamLimit: Int) {
    limit = HTTP2StreamLimit(streamLimit)
    out.writeSettings([
      (HTTP2Frame.Setting.headerTableSize, 4_096),
      (HTTP2Frame.Setting.maxConcurrentStreams, UInt32(limit.announced)),
      (HTTP2Frame.Setting.initialWindowSize, UInt32(Self.streamWindowBytes)),
      (HTTP2Frame.Setting.maxFrameSize, UInt32(HTTP2Frame.maxPayloadBytes)),
      (HTTP2Frame.Setting.maxHeaderListSize, UInt32(Self.maxHeaderListBytes)),
    ])
    out.writeWindowUpdate(
      stream: 0, bytes: Self.connectionWindowBytes - HTTP2Frame.defaultWindowBytes)
  }

  /// Announces another limit. It binds a client from its acknowledgement on, a higher one at once.
  func setStreamLimit(_ value: Int) {
    guard phase == .open, value != limit.announced else { return }
    limit.announce(value)
    out.writeSettings([(HTTP2Frame.Setting.maxConcurrentStreams, UInt32(value))])
  }

  /// Gives up a stream without an answer.
  func drop(_ stream: UInt32) {
    streams[stream] = nil
    closeIfAnswered()
  }

  func reset(_ stream: UInt32, code: UInt32) {
    guard phase == .open, streams.removeValue(forKey: stream) != nil else { return }
    out.writeReset(stream: stream, code: code)
    closeIfAnswered()
  }

  func goAway(lastStream: UInt32, code: UInt32, debug: [UInt8]) {
    guard phase == .open else { return }
    out.writeGoAway(lastStream: lastStream, code: code, debug: debug)
    let lowest = min(lastStream, self.lastStream ?? lastStream)
    self.lastStream = lowest
    for stream in streams.keys where stream > lowest { streams[stream] = nil }
  }

  /// Closes as soon as every open stream is answered.
  func closeWhenAnswered() {
    closesWhenAnswered = true
    closeIfAnswered()
  }

  func closeIfAnswered() {
    guard closesWhenAnswered, streams.isEmpty else { return }
    close()
  }

  func close() {
    flush()
    phase = .closed
    context?.close(promise: nil)
  }

  func freeze() {
    out.clear()
    streams.removeAll()
    phase = .frozen
    if readWaits { context?.read() }
  }

  func flush() {
    guard phase == .open, out.readableBytes > 0, let context else { return }
    let bytes = out
    out = context.channel.allocator.buffer(capacity: Self.windowStepBytes)
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }
}

// MARK: - Frames

extension HTTP2ServerConnection {
  private func receive(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard headerBlock == nil || frame.kind == HTTP2Frame.Kind.continuation else {
      throw HTTP2Violation(HTTP2Code.protocolError, "a header block was interrupted")
    }
    switch frame.kind {
    case HTTP2Frame.Kind.data: try receiveData(frame)
    case HTTP2Frame.Kind.headers: try receiveHeaders(frame)
    case HTTP2Frame.Kind.continuation: try receiveContinuation(frame)
    case HTTP2Frame.Kind.resetStream:
      guard frame.payload.readableBytes == 4, frame.stream != 0 else {
        throw HTTP2Violation(HTTP2Code.frameSizeError, "a malformed RST_STREAM")
      }
      drop(frame.stream)
    case HTTP2Frame.Kind.settings: try receiveSettings(frame)
    case HTTP2Frame.Kind.ping: try receivePing(frame)
    case HTTP2Frame.Kind.windowUpdate: try receiveWindowUpdate(frame)
    case HTTP2Frame.Kind.goAway: closeWhenAnswered()
    case HTTP2Frame.Kind.pushPromise:
      throw HTTP2Violation(HTTP2Code.protocolError, "a client's PUSH_PROMISE")
    default: break
    }
  }

  private func receiveHeaders(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard frame.stream != 0 else {
      throw HTTP2Violation(HTTP2Code.protocolError, "HEADERS on stream 0")
    }
    var frame = frame
    try frame.removePadding()
    if frame.has(HTTP2Frame.Flag.priority) {
      guard frame.payload.readableBytes >= 5 else {
        throw HTTP2Violation(HTTP2Code.frameSizeError, "a malformed HEADERS")
      }
      frame.payload.moveReaderIndex(forwardBy: 5)
    }
    let block = HTTP2OpenHeaderBlock(
      stream: frame.stream, endsStream: frame.has(HTTP2Frame.Flag.endStream),
      bytes: frame.payload)
    if frame.has(HTTP2Frame.Flag.endHeaders) {
      try finish(block)
    } else {
      headerBlock = block
    }
  }

  private func receiveContinuation(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard var block = headerBlock, block.stream == frame.stream else {
      throw HTTP2Violation(HTTP2Code.protocolError, "a CONTINUATION of nothing")
    }
    var payload = frame.payload
    block.bytes.writeBuffer(&payload)
    block.frames += 1
    guard block.bytes.readableBytes <= HTTP2OpenHeaderBlock.maxBytes,
      block.frames <= HTTP2OpenHeaderBlock.maxFrames
    else { throw HTTP2Violation(HTTP2Code.enhanceYourCalm, "a header block without end") }
    headerBlock = nil
    if frame.has(HTTP2Frame.Flag.endHeaders) {
      try finish(block)
    } else {
      headerBlock = block
    }
  }

  private func finish(_ block: HTTP2OpenHeaderBlock) throws(HTTP2Violation) {
    var bytes = block.bytes
    let headers: HPACKHeaders
    do {
      headers = try decoder.decodeHeaders(from: &bytes)
    } catch {
      throw HTTP2Violation(HTTP2Code.compressionError, "a header block that cannot be decoded")
    }
    if block.stream <= highestStream {
      return try finishTrailers(block)
    }
    guard block.stream & 1 == 1 else {
      throw HTTP2Violation(HTTP2Code.protocolError, "a client's stream with an even number")
    }
    highestStream = block.stream
    if let lastStream, block.stream > lastStream { return }
    guard streams.count < limit.binding else {
      out.writeReset(stream: block.stream, code: HTTP2Code.refusedStream)
      return
    }
    streams[block.stream] = HTTP2OpenStream(headers: headers)
    if block.endsStream { handOver(block.stream, body: ByteBuffer()) }
  }

  private func finishTrailers(_ block: HTTP2OpenHeaderBlock) throws(HTTP2Violation) {
    guard let stream = streams[block.stream], !stream.isRequestEnded else { return }
    guard block.endsStream else {
      throw HTTP2Violation(HTTP2Code.protocolError, "a second header block on a stream")
    }
    handOver(block.stream, body: stream.body)
  }

  private func receiveData(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard frame.stream != 0, frame.stream <= highestStream else {
      throw HTTP2Violation(HTTP2Code.protocolError, "DATA on a stream that is not open")
    }
    unreportedBytes += frame.payload.readableBytes
    var frame = frame
    try frame.removePadding()
    let ends = frame.has(HTTP2Frame.Flag.endStream)
    guard let index = streams.index(forKey: frame.stream) else { return }
    guard !streams.values[index].isRequestEnded else {
      throw HTTP2Violation(HTTP2Code.streamClosed, "DATA after the end of a stream")
    }
    if ends, streams.values[index].body.readableBytes == 0 {
      return handOver(frame.stream, body: frame.payload)
    }
    guard !streams.values[index].isHandedOver else {
      streams.values[index].isRequestEnded = ends
      return
    }
    streams.values[index].body.writeBuffer(&frame.payload)
    let body = streams.values[index].body
    if ends {
      handOver(frame.stream, body: body)
    } else if body.readableBytes > Service.maxBodyBytes {
      handOver(frame.stream, body: body, isRequestEnded: false)
    }
  }

  private func handOver(_ stream: UInt32, body: ByteBuffer, isRequestEnded: Bool = true) {
    guard let index = streams.index(forKey: stream) else { return }
    streams.values[index].isRequestEnded = isRequestEnded
    guard !streams.values[index].isHandedOver else { return }
    streams.values[index].isHandedOver = true
    streams.values[index].body = ByteBuffer()
    let headers = streams.values[index].headers
    service.received(HTTP2Request(stream: stream, headers: headers, body: body), on: self)
  }

  func acknowledgeLimit() { limit.acknowledged() }
}
