import NIOCore

/// One frame of HTTP/2 (RFC 9113, section 4).
struct HTTP2Frame {
  var kind: UInt8
  var flags: UInt8
  var stream: UInt32
  var payload: ByteBuffer

  func has(_ flag: UInt8) -> Bool { flags & flag != 0 }
}

extension HTTP2Frame {
  enum Kind {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let resetStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
  }

  enum Flag {
    static let endStream: UInt8 = 0x1
    static let ack: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20
  }

  enum Setting {
    static let headerTableSize: UInt16 = 1
    static let enablePush: UInt16 = 2
    static let maxConcurrentStreams: UInt16 = 3
    static let initialWindowSize: UInt16 = 4
    static let maxFrameSize: UInt16 = 5
    static let maxHeaderListSize: UInt16 = 6
  }

  static let headerBytes = 9
  /// The largest payload that either side may send here: we announce no larger one.
  static let maxPayloadBytes = 16_384
  static let defaultWindowBytes = 65_535
  static let maxWindowBytes = Int(Int32.max)
  static let clientPreface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
}

/// The codes of RFC 9113, section 7, that a server here uses.
enum HTTP2Code {
  static let noError: UInt32 = 0
  static let protocolError: UInt32 = 1
  static let flowControlError: UInt32 = 3
  static let streamClosed: UInt32 = 5
  static let frameSizeError: UInt32 = 6
  static let refusedStream: UInt32 = 7
  static let compressionError: UInt32 = 9
  static let enhanceYourCalm: UInt32 = 11
}

/// The client broke HTTP/2: the connection ends with a GOAWAY of this code.
struct HTTP2Violation: Error {
  var code: UInt32
  var problem: String

  init(_ code: UInt32, _ problem: String) {
    self.code = code
    self.problem = problem
  }
}
