import NIOCore
import NIOHPACK
import NIOSSL
import NIOTLS
import Synchronization

/// Reads frames into the view.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let watched: WatchedView
  private let acknowledgesSettings: Bool
  /// Goes out before anything else.
  private let opening: [UInt8]
  private var bytes: [UInt8] = []
  private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

  init(watched: WatchedView, acknowledgesSettings: Bool, opening: [UInt8]) {
    self.watched = watched
    self.opening = opening
    self.acknowledgesSettings = acknowledgesSettings
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: opening)), promise: nil)
      watched.change { $0.isConnected = true }
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    bytes += buffer.readBytes(length: buffer.readableBytes) ?? []
    while let frame = ClientFrame.take(from: &bytes) {
      if frame.kind == 4, frame.flags & 1 == 0, acknowledgesSettings {
        let ack = ByteBuffer(bytes: ClientFrame.settings(isAck: true).bytes)
        context.writeAndFlush(wrapOutboundOut(ack), promise: nil)
      }
      let headers = frame.kind == 1 ? decode(frame) : nil
      watched.change { $0.note(frame, headers: headers) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) { watched.change { $0.isClosed = true } }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func decode(_ frame: ClientFrame) -> [(name: String, value: String)]? {
    var buffer = ByteBuffer(bytes: frame.payload)
    return try? decoder.decodeHeaders(from: &buffer).map { ($0.name, $0.value) }
  }
}

extension ClientView {
  mutating func note(_ frame: ClientFrame, headers: [(name: String, value: String)]?) {
    if firstFrameKind == nil { firstFrameKind = frame.kind }
    switch frame.kind {
    case 0:
      responses[frame.stream, default: Response()].body += frame.payload
      responses[frame.stream]?.dataFrames += 1
    case 1: responses[frame.stream, default: Response()].headers = headers ?? []
    case 3: responses[frame.stream, default: Response()].resetCode = frame.number
    case 4 where frame.flags & 1 == 0:
      for place in stride(from: 0, to: frame.payload.count, by: 6)
      where frame.payload[place..<place + 2] == [0, 3] {
        limits.append(frame.payload[place + 2..<place + 6].reduce(0) { $0 << 8 | UInt32($1) })
      }
    case 6 where frame.flags & 1 == 1: pingAcks.append(frame.payload)
    case 7:
      goAways.append(
        GoAway(
          lastStream: frame.number,
          code: frame.payload[4..<8].reduce(0) { $0 << 8 | UInt32($1) },
          debug: String(decoding: frame.payload.dropFirst(8), as: UTF8.self)))
    case 8: grantedBytes += Int(frame.number)
    default: break
    }
    if frame.kind <= 1, frame.flags & 1 == 1 {
      responses[frame.stream]?.isEnded = true
      answered.append(frame.stream)
    }
  }
}

/// A view that can be waited on.
final class WatchedView: Sendable {
  private struct State {
    var view = ClientView()
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// No test waits longer than this for anything.
  static let patience: Duration = .seconds(20)

  var view: ClientView { state.withLock { $0.view } }

  func change(_ change: (inout ClientView) -> Void) {
    let waiters = state.withLock { state in
      change(&state.view)
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// - Throws: ``Overdue`` when it doesn't come true within ``patience``.
  @discardableResult
  func until(_ isSo: @Sendable (ClientView) -> Bool) async throws -> ClientView {
    let alarm = Task {
      try await Task.sleep(for: Self.patience)
      change { _ in }
    }
    defer { alarm.cancel() }
    let deadline = ContinuousClock.now + Self.patience
    while true {
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          if isSo(state.view) || ContinuousClock.now >= deadline { return true }
          state.waiters.append(waiter)
          return false
        }
        if isOver { waiter.resume() }
      }
      let view = view
      if isSo(view) { return view }
      if ContinuousClock.now >= deadline { throw Overdue(view: view) }
    }
  }

  struct Overdue: Error {
    var view: ClientView
  }
}
