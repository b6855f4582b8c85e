/// Which tables of the projection `notifications` are folded into: those that serve, those that a
/// rebuild makes beside them, or those that stay at the ends of archives.
///
/// Only the serving ones say what is due: what is built beside never makes anybody be pushed.
enum ProjectionTables: Sendable {
  case serving, beside, snapshot

  /// The projection's name, as in `ledger.projections`.
  static let projection = "notifications"

  var schema: String {
    switch self {
    case .serving: "notifications_v1"
    case .beside: "notifications_v1_next"
    case .snapshot: "notifications_v1_snapshot"
    }
  }

  /// Under which its checkpoints stand in `ledger.checkpoints`.
  var checkpoint: String {
    switch self {
    case .serving: Self.projection
    case .beside: Checkpoints.beside(Self.projection)
    case .snapshot: Self.projection + "/snapshot"
    }
  }

  var sayWhatIsDue: Bool { self == .serving }
}
