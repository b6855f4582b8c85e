import Postgres
import PushCore

/// What a batch of events changes, ready to be stored behind the checkpoint that it follows.
struct FoldedBatch: Sendable {
  /// The checkpoint that it follows, and the one that it moves to.
  var start: Position
  var end: Position
  /// Of the tables that it was folded for.
  var generation: Int64
  var events: Int
  var pushes: Int
  /// Keys and indexes that it is stored by, of those that a rebuild begins without.
  var needs: Set<String>
  /// Whether there is something new for the dispatcher.
  var hasDue: Bool
  /// What is new, and what moved of the state.
  var calls: [PostgresCall]
  var copies: [PostgresCopy]
  /// What changes deliveries, these or older ones.
  var outcomes: [PostgresCall]
}
