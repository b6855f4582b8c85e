import PushCore

/// The part of an app's state that a projector holds in memory between batches, and which part
/// that is.
///
/// It is thrown away when the checkpoint moved without it, when a transaction failed, and when it
/// grows beyond ``sizeLimit``: whatever a batch touches is read again.
struct LoadedState: Sendable {
  /// Users, members and messages held at most between two batches.
  static let sizeLimit = 200_000

  var state = FoldState()
  /// The position up to which `state` is folded.
  var position: Position
  /// Of the tables that it was loaded from: after a swap it is of no use.
  let generation: Int64
  var users: Set<UserID> = []
  /// Conversations held with all their members.
  var conversations: Set<ConversationKey> = []
  /// Users held with all their conversations, for a badge that is derived from them.
  var derived: Set<UserID> = []
  /// Messages of a conversation after this position are all held.
  var completeAfter: [ConversationKey: Position] = [:]

  /// Events to read for the next batch; nil: as many as one may have.
  var nextEvents: Int?

  init(at position: Position, generation: Int64) {
    self.position = position
    self.generation = generation
  }

  var isTooLarge: Bool { state.size > Self.sizeLimit }
}
