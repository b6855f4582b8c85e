import NIOCore
import NIOPosix

/// Any bytes sent to a server, and what comes back.
enum RawExchange {
  /// Sends bytes on a connection of their own, ends them, and reads until the server ends.
  ///
  /// - Returns: The status of the answer; nil where none came.
  static func status(of bytes: [UInt8], port: Int) async throws -> Int? {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(
              isOutboundHalfClosureEnabled: true, inboundType: ByteBuffer.self,
              outboundType: ByteBuffer.self))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var answer: [UInt8] = []
      do {
        try await outbound.write(ByteBuffer(bytes: bytes))
        outbound.finish()
        for try await buffer in inbound where answer.count < 64 {
          answer += Array(buffer.readableBytesView)
        }
      } catch is IOError {
        // The server closed before it had read all.
      } catch is ChannelError {
      }
      return status(answer)
    }
  }

  /// `HTTP/1.1 200 OK`
  private static func status(_ answer: [UInt8]) -> Int? {
    let words = answer.prefix(12).split(separator: UInt8(ascii: " "))
    guard words.count > 1 else { return nil }
    return Int(String(decoding: words[1], as: UTF8.self))
  }
}
