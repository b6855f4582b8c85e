import NIOCore
import NIOPosix

/// Reads the lines of a streaming answer over HTTP/1.1, chunk sizes and all.
struct ControlStream {
  private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
  private let path: String

  static func open(port: Int, path: String) async throws -> ControlStream {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return ControlStream(channel: channel, path: path)
  }

  /// The first lines of JSON in the body.
  func read(count: Int) async throws -> [String] {
    try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(
        ByteBuffer(string: "GET \(path) HTTP/1.1\r\nhost: localhost\r\n\r\n"))
      var text = ""
      for try await bytes in inbound {
        text += String(buffer: bytes)
        let lines = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{") }
        if lines.count >= count { return lines.prefix(count).map(String.init) }
      }
      return []
    }
  }

  func close() async { try? await channel.channel.close() }
}
