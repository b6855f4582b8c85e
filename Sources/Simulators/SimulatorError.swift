/// Why a simulator cannot start.
public enum SimulatorError: Error, Sendable, Equatable, CustomStringConvertible {
  case badCertificate(String)
  case cannotListen(host: String, port: Int, problem: String)

  public var description: String {
    switch self {
    case .badCertificate(let problem): "The certificate cannot be used: \(problem)"
    case .cannotListen(let host, let port, let problem):
      "The simulator cannot listen on \(host), port \(port): \(problem). Give another --host or "
        + "--port; port 0 takes any that is free."
    }
  }
}
