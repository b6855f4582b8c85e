import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import Simulators
import Synchronization

/// A small HTTP/2 client that does what it is told, right or wrong.
final class PushClient: Sendable {
  struct Options: Sendable {
    var alpn = ["h2"]
    var settings: [(UInt16, UInt32)] = []
    var acknowledgesSettings = true
    var sendsPreface = true
    var maximumTLSVersion: TLSVersion?
    var certificateChain: [NIOSSLCertificateSource] = []
    var privateKey: NIOSSLPrivateKeySource?
  }

  struct NoAnswer: Error {
    var resetCode: UInt32?
    var goAways: [ClientView.GoAway]
    var isClosed: Bool
  }

  private let channel: any Channel
  private let watched: WatchedView
  private let nextStream = Mutex<UInt32>(1)

  private init(channel: any Channel, watched: WatchedView) {
    self.channel = channel
    self.watched = watched
  }

  static func connect(
    to simulator: APNsSimulator, _ options: Options = Options()
  ) async throws -> PushClient {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(simulator.caCertificatePEM.utf8)))
    tls.applicationProtocols = options.alpn
    tls.maximumTLSVersion = options.maximumTLSVersion
    tls.certificateChain = options.certificateChain
    tls.privateKey = options.privateKey
    let context = try NIOSSLContext(configuration: tls)
    let watched = WatchedView()
    let opening =
      options.sendsPreface
      ? ClientFrame.preface + ClientFrame.settings(options.settings).bytes : []
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            NIOSSLClientHandler(context: context, serverHostname: "localhost"),
            ClientHandler(
              watched: watched, acknowledgesSettings: options.acknowledgesSettings,
              opening: opening))
        }
      }
      .connect(host: "127.0.0.1", port: simulator.port).get()
    let client = PushClient(channel: channel, watched: watched)
    try await watched.until { $0.isConnected || $0.isClosed }
    return client
  }

  var view: ClientView { watched.view }

  func write(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  @discardableResult
  func until(_ isSo: @Sendable (ClientView) -> Bool) async throws -> ClientView {
    try await watched.until(isSo)
  }

  func close() async { try? await channel.close() }

  // MARK: Pushes

  /// The frames of a request: HEADERS, and DATA where there is a body.
  func frames(
    _ headers: [(String, String)], body: [UInt8], endsStream: Bool = true
  ) -> (stream: UInt32, frames: [ClientFrame]) {
    let stream = nextStream.withLock { next in
      defer { next += 2 }
      return next
    }
    var block = ByteBuffer()
    // Without Huffman coding and without a table: each block stands for itself.
    var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), useHuffmanEncoding: false)
    var fields = HPACKHeaders()
    for (name, value) in headers { fields.add(name: name, value: value, indexing: .nonIndexable) }
    try? encoder.encode(headers: fields, to: &block)
    let ends: UInt8 = endsStream ? 1 : 0
    let head = ClientFrame(
      kind: 1, flags: 4 | (body.isEmpty ? ends : 0), stream: stream,
      payload: Array(block.readableBytesView))
    let data = stride(from: 0, to: body.count, by: 16_384).map { start in
      let end = min(start + 16_384, body.count)
      return ClientFrame(
        kind: 0, flags: end == body.count ? ends : 0, stream: stream,
        payload: Array(body[start..<end]))
    }
    return (stream, [head] + data)
  }

  /// Sends without waiting for the answer.
  /// - Returns: the stream.
  @discardableResult
  func send(_ push: TestPush) -> UInt32 {
    let (stream, frames) = frames(push.headers, body: push.body)
    write(frames.flatMap(\.bytes))
    return stream
  }

  /// Sends many at once, in one write.
  func send(_ pushes: [TestPush]) -> [UInt32] {
    let made = pushes.map { frames($0.headers, body: $0.body) }
    write(made.flatMap { $0.frames.flatMap(\.bytes) })
    return made.map(\.stream)
  }

  /// - Throws: ``NoAnswer`` when the stream is reset or the connection ends without an answer.
  func answer(on stream: UInt32) async throws -> ClientView.Response {
    let view = try await until { view in
      let response = view.responses[stream]
      return response?.isEnded == true || response?.resetCode != nil || view.isClosed
    }
    guard let response = view.responses[stream], response.isEnded else {
      throw NoAnswer(
        resetCode: view.responses[stream]?.resetCode, goAways: view.goAways,
        isClosed: view.isClosed)
    }
    return response
  }

  func push(_ push: TestPush) async throws -> ClientView.Response {
    try await answer(on: send(push))
  }
}
