import NIOCore

/// A frame as the tests' own client sees it: written apart from the server's code on purpose.
struct ClientFrame: Sendable {
  var kind: UInt8
  var flags: UInt8
  var stream: UInt32
  var payload: [UInt8]

  var number: UInt32 { payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

  var bytes: [UInt8] {
    let length = UInt32(payload.count)
    return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind, flags]
      + stream.bytes + payload
  }

  static func take(from buffer: inout [UInt8]) -> ClientFrame? {
    guard buffer.count >= 9 else { return nil }
    let length = Int(buffer[0]) << 16 | Int(buffer[1]) << 8 | Int(buffer[2])
    guard buffer.count >= 9 + length else { return nil }
    let frame = ClientFrame(
      kind: buffer[3], flags: buffer[4],
      stream: buffer[5..<9].reduce(0) { $0 << 8 | UInt32($1) },
      payload: Array(buffer[9..<9 + length]))
    buffer.removeFirst(9 + length)
    return frame
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  static func settings(_ pairs: [(UInt16, UInt32)] = [], isAck: Bool = false) -> ClientFrame {
    ClientFrame(
      kind: 4, flags: isAck ? 1 : 0, stream: 0,
      payload: pairs.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] + $1.bytes })
  }

  static func ping(_ payload: [UInt8]) -> ClientFrame {
    ClientFrame(kind: 6, flags: 0, stream: 0, payload: payload)
  }

  static func windowUpdate(stream: UInt32, _ bytes: UInt32) -> ClientFrame {
    ClientFrame(kind: 8, flags: 0, stream: stream, payload: bytes.bytes)
  }
}

extension UInt32 {
  var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(self >> $0 & 255) } }
}

/// What the client has seen of its connection.
struct ClientView: Sendable {
  struct Response: Sendable {
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    var dataFrames = 0
    var isEnded = false
    var resetCode: UInt32?

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    var status: Int? { self[":status"].flatMap { Int($0) } }
    var bodyText: String { String(decoding: body, as: UTF8.self) }
  }

  struct GoAway: Sendable, Equatable {
    var lastStream: UInt32
    var code: UInt32
    var debug: String
  }

  var responses: [UInt32: Response] = [:]
  /// The streams whose answers ended, in that order.
  var answered: [UInt32] = []
  /// Every MAX_CONCURRENT_STREAMS announced.
  var limits: [UInt32] = []
  var goAways: [GoAway] = []
  var pingAcks: [[UInt8]] = []
  var grantedBytes = 0
  var firstFrameKind: UInt8?
  var isConnected = false
  var isClosed = false
}
