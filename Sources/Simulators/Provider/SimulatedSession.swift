/// What is known of a session token.
public enum SimulatedSession: Sendable, Equatable {
  /// The subject is whom it was issued to.
  case live(String)
  case expired(String)
}
