/// One push provider's behaviour: what it answers to each request.
///
/// Everything else is shared and done by ``ProviderSimulator``. Calls come on any thread, on event
/// loops that serve other connections too: they must be quick and never block.
public protocol ProviderSimulation: Sendable {
  /// As the command line and the control endpoint name it, such as `fcm`.
  static var name: String { get }
  /// The fates that a token may be given, each with what it does: for the control endpoint's guide.
  static var fates: KeyValuePairs<String, String> { get }
  /// What ``control(_:in:)`` answers, each with what it does: for the control endpoint's guide.
  static var controlEndpoints: KeyValuePairs<String, String> { get }

  func answer(_ request: SimulatedRequest, in world: SimulatedWorld) -> SimulatedAnswer

  /// Answers a request to the control endpoint that only this provider knows, such as one that
  /// registers a credential.
  /// - Returns: nil where there is no such endpoint.
  func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer?
}

extension ProviderSimulation {
  public static var fates: KeyValuePairs<String, String> { [:] }

  public static var controlEndpoints: KeyValuePairs<String, String> { [:] }

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? { nil }
}
