/// What is to go wrong before or in place of a simulation's answer.
///
/// Faults are tried in the order in which they were injected; the first that fits and is ready
/// decides. Each that fits but is not ready yet (``after``) counts the request.
public struct SimulatedFault: Sendable {
  /// `accepted` says whether the simulation judges the request first, so that its pushes count.
  public enum Effect: Sendable {
    case answer(SimulatedAnswer)
    /// No answer, while the connection lives on.
    case silence(accepted: Bool = true)
    case close(accepted: Bool = false)
    /// RST_STREAM with an HTTP/2 error code: 7 is REFUSED_STREAM, 8 CANCEL, 2 INTERNAL_ERROR. The
    /// request is not judged. Closes an HTTP/1.1 connection.
    case reset(code: UInt32)
    /// Answered as usual, with a GOAWAY after this stream; streams above it are never looked at.
    /// An HTTP/1.1 connection is closed after the answer.
    case goAway
    /// Answered as usual, but so much later.
    case delay(Duration)
  }

  /// Requests whose path starts so; empty: all.
  public var path: String
  public var effect: Effect
  /// So many requests that fit go well first.
  public var after: Int
  /// So many requests get the effect; nil: all, until the faults are cleared.
  public var times: Int?

  public init(_ effect: Effect, path: String = "", after: Int = 0, times: Int? = 1) {
    self.path = path
    self.effect = effect
    self.after = after
    self.times = times
  }
}
