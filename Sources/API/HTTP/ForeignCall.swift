import Hummingbird
import Logging
import PushCore

/// A request in another system's protocol: who it speaks for and whether it is right is checked by
/// the route itself, which answers in that system's terms.
struct ForeignCall: Sendable {
  let request: Request
  /// The path's parameters, as they came, in order.
  let pathValues: [Substring]
  /// What stands after `?`, as it came.
  let query: Substring
  /// Counts a problem, and logs it where it is this side's.
  let report: @Sendable (Problem, any Error) -> Void
}
