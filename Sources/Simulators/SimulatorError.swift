/// Why a simulator cannot start.
public enum SimulatorError: Error, Sendable, Equatable, CustomStringConvertible {
  case badCertificate(String)
  case cannotListen(host: String, port: Int, problem: String)

  public var description: String {
    switch self {
    case .badCertificate(let problem): "The certificate cannot be used: \(problem)"
    case .cannotListen(let host, let port, let problem):
      "Cannot listen on \(host) port \(port): \(problem). Choose another port, or 0 for any."
    }
  }
}
