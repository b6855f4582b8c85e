import NIOCore
import NIOHTTP1
import NIOPosix

/// Any bytes sent to a server, and what comes back.
enum RawExchange {
  /// Sends bytes on a connection of their own, ends them, and reads until the server ends.
  ///
  /// - Returns: The status of the answer; nil where none came.
  static func status(of bytes: [UInt8], port: Int) async throws -> Int? {
    status(try await answer(to: bytes, port: port, atMost: 64))
  }

  /// Sends all of a request before it reads anything of the answer, as many clients do.
  static func statusOnceSent(_ bytes: [UInt8], port: Int) async throws -> Int? {
    status(try await answer(to: bytes, port: port, atMost: 64, sendsFirst: true))
  }

  /// Sends a request whose target a client would mend.
  static func answer(to method: HTTPMethod, _ target: String, _ rig: APIRig) async throws -> Answer
  {
    let head = """
      \(method.rawValue) \(target) HTTP/1.1\r
      Host: localhost\r
      Authorization: Bearer \(rig.key)\r
      Connection: close\r
      \r\n
      """
    let bytes = try await answer(to: Array(head.utf8), port: rig.port, atMost: 65_536)
    let text = String(decoding: bytes, as: UTF8.self)
    let body = text.firstRange(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? ""
    return Answer(status: status(bytes) ?? 0, headers: [:], body: Array(body.utf8))
  }

  private static func answer(
    to bytes: [UInt8], port: Int, atMost limit: Int, sendsFirst: Bool = false
  ) async throws -> [UInt8] {
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
        if sendsFirst {
          try await channel.channel.writeAndFlush(ByteBuffer(bytes: bytes))
        } else {
          try await outbound.write(ByteBuffer(bytes: bytes))
        }
        outbound.finish()
        for try await buffer in inbound where answer.count < limit {
          answer += Array(buffer.readableBytesView)
        }
      } catch is IOError {
        // The server closed before it had read all.
      } catch is ChannelError {
      }
      return answer
    }
  }

  /// `HTTP/1.1 200 OK`
  private static func status(_ answer: [UInt8]) -> Int? {
    let words = answer.prefix(12).split(separator: UInt8(ascii: " "))
    guard words.count > 1 else { return nil }
    return Int(String(decoding: words[1], as: UTF8.self))
  }
}
