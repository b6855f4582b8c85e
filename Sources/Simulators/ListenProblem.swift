import Foundation
import NIOCore

extension SimulatorError {
  /// What keeps a port from being taken, in the system's words.
  static func cannotListen(host: String, port: Int, for error: any Error) -> SimulatorError {
    let problem =
      switch error {
      case let error as IOError: String(cString: strerror(error.errnoCode))
      case is SocketAddressError, is SocketAddressError.UnknownHost: "there is no such address"
      default: String(describing: type(of: error))
      }
    return .cannotListen(host: host, port: port, problem: problem)
  }
}
