/// How a device of the callback channel is told: its topic, filled in from its token when it is
/// registered, so that nobody must look at the token to know.
public enum CallbackWay: String, Sendable, Hashable, CaseIterable {
  /// The device holds a connection to the API.
  case stream
  /// The token is an address to be called.
  case webhook

  public init(token: JSON) {
    self = token.string?.hasPrefix("https://") == true ? .webhook : .stream
  }
}
