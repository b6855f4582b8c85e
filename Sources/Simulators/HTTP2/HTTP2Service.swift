import NIOCore
import NIOHPACK

/// What a server does with the requests of one HTTP/2 connection. All calls come on the
/// connection's event loop.
protocol HTTP2Service: AnyObject {
  /// TLS is up and SETTINGS are written.
  func opened(_ connection: HTTP2ServerConnection<Self>)
  /// A longer body is handed over without waiting for its end: it is too long for anybody.
  static var maxBodyBytes: Int { get }
  /// A request is complete, or its body grew beyond ``maxBodyBytes``.
  func received(_ request: HTTP2Request, on connection: HTTP2ServerConnection<Self>)
  /// All that had arrived was handed over.
  func readAll(_ connection: HTTP2ServerConnection<Self>)
  func closed()
}

struct HTTP2Request {
  var stream: UInt32
  var headers: HPACKHeaders
  var body: ByteBuffer
}

/// A stream that is not answered yet.
struct HTTP2OpenStream {
  var headers: HPACKHeaders
  var body = ByteBuffer()
  var isHandedOver = false
  var isRequestEnded = false
  /// What the client granted this stream beyond every stream's initial window.
  var windowGrant = 0
}

/// A header block that goes on in CONTINUATION frames.
struct HTTP2OpenHeaderBlock {
  var stream: UInt32
  var endsStream: Bool
  var bytes: ByteBuffer
  var frames = 1

  static let maxBytes = 65_536
  static let maxFrames = 32
}

/// What the client announced about itself.
struct HTTP2PeerWindows {
  var connection = HTTP2Frame.defaultWindowBytes
  var initialStream = HTTP2Frame.defaultWindowBytes
}
