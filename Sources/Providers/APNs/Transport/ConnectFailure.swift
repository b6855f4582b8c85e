internal import NIOCore
internal import NIOHTTP2
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS

/// Why a connection did not come about, as a reason that an operator can act on.
enum ConnectFailure {
  static let timeout = "connect_timeout"
  static let noHTTP2 = "connect_no_http2"

  static func reason(of error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      if error.connectionErrors.isEmpty { return "connect_name_unknown" }
      return error.connectionErrors.allSatisfy { isTimeout($0.error) }
        ? timeout : "connect_refused"
    case is ChannelError where isTimeout(error): return timeout
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: return "connect_tls_failed"
    case is any NIOHTTP2Error: return noHTTP2
    case is IOError: return "connect_refused"
    default: return "connect_failed"
    }
  }

  /// A handshake that did not agree on HTTP/2; nil for every other event.
  static func reason(ofHandshake event: Any) -> String? {
    guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else { return nil }
    return negotiated == "h2" ? nil : noHTTP2
  }

  private static func isTimeout(_ error: any Error) -> Bool {
    if case .connectTimeout? = error as? ChannelError { true } else { false }
  }
}
