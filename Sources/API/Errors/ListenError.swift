import Foundation
import NIOCore

/// The API can't take requests where it was told to.
struct ListenError: Error, CustomStringConvertible {
  let address: APIConfiguration.Address
  let reason: String

  /// Nil for an error of another kind.
  init?(_ error: any Error, at address: APIConfiguration.Address) {
    self.address = address
    switch error {
    case let error as IOError: reason = String(cString: strerror(error.errnoCode))
    case is SocketAddressError, is SocketAddressError.UnknownHost:
      reason = "there is no such address"
    default: return nil
    }
  }

  var description: String {
    switch address {
    case .tcp(let host, let port):
      "The API cannot listen on \(host), port \(port): \(reason). Give another --host or --port."
    case .unixSocket(let path): "The API cannot listen on \(path): \(reason)."
    }
  }
}
