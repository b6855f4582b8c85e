import NIOCore
import NIOPosix
import NIOSSL
import Simulators

/// HTTP/1.1 as it is typed, by a client that knows no ALPN.
struct PlainTLSConnection {
  private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

  static func open(port: Int, trusting certificatePEM: String) async throws -> PlainTLSConnection {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(certificatePEM.utf8)))
    let context = try NIOSSLContext(configuration: tls)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: context, serverHostname: "localhost"))
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return PlainTLSConnection(channel: channel)
  }

  /// Writes each text once what was read since the last one holds the words that it waits for.
  /// - Returns: all that was read.
  func exchange(_ steps: [(send: String, until: String)]) async throws -> String {
    try await channel.executeThenClose { inbound, outbound in
      var read = ""
      var parts = inbound.makeAsyncIterator()
      for step in steps {
        try await outbound.write(ByteBuffer(string: step.send))
        var new = ""
        while !new.contains(step.until), let bytes = try await parts.next() {
          new += String(buffer: bytes)
        }
        read += new
      }
      return read
    }
  }
}
