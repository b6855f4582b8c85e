import Foundation
import NIOCore

/// The API can't take requests where it was told to.
struct ListenError: Error, CustomStringConvertible {
  let address: APIConfiguration.Address
  let reason: String

  init(address: APIConfiguration.Address, reason: IOError) {
    self.address = address
    self.reason = String(cString: strerror(reason.errnoCode))
  }

  init(address: APIConfiguration.Address, reason: SocketAddressError) {
    self.address = address
    self.reason = "no such address"
  }

  var description: String {
    switch address {
    case .tcp(let host, let port):
      "The API cannot listen on \(host), port \(port): \(reason). Give another --host or --port."
    case .unixSocket(let path): "The API cannot listen on \(path): \(reason)."
    }
  }
}
