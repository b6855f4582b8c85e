internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP2
internal import NIOPosix
internal import NIOSSL

extension HTTPFailure {
  /// What an error of the HTTP client means for what was to be sent.
  init(_ error: any Error) {
    switch error {
    case let error as HTTPClientError: self.init(client: error)
    case let error as NIOHTTP2Errors.StreamClosed where error.errorCode == .refusedStream:
      // RFC 9113, 8.7: such a stream was not processed.
      self.init(reason: "stream_refused", mayHaveArrived: false)
    case is NIOConnectionError, is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
      self.init(reason: ConnectFailure.reason(of: error), mayHaveArrived: false)
    case let error as IOError where Self.unconnected.contains(error.errnoCode):
      self.init(reason: ConnectFailure.reason(of: error), mayHaveArrived: false)
    case is CancellationError: self.init(reason: "cancelled", mayHaveArrived: true)
    default: self.init(reason: "connection_failed", mayHaveArrived: true)
    }
  }

  /// The system's errors of a connection that never was.
  private static let unconnected: Set<CInt> = [
    ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL,
  ]

  private init(client error: HTTPClientError) {
    switch error {
    case .connectTimeout, .tlsHandshakeTimeout:
      self.init(reason: ConnectFailure.timeout, mayHaveArrived: false)
    case .getConnectionFromPoolTimeout:
      self.init(reason: "connection_full", mayHaveArrived: false)
    case .alreadyShutdown: self = .shuttingDown
    case .invalidURL, .emptyHost, .emptyScheme: self = .urlMalformed
    case .deadlineExceeded, .readTimeout, .requestStreamCancelled:
      self.init(reason: "no_answer", mayHaveArrived: true)
    case .remoteConnectionClosed: self.init(reason: "connection_closed", mayHaveArrived: true)
    default: self.init(reason: "connection_failed", mayHaveArrived: true)
    }
  }
}
