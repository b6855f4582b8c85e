public import PushCore

/// Where an event is kept.
public struct AppendedEvent: Sendable, Equatable {
  public var position: Position
  /// False where the event's id had been stored before, or stood earlier in the same append.
  public var isNew: Bool

  public init(position: Position, isNew: Bool) {
    self.position = position
    self.isNew = isNew
  }
}

/// What the caller knows of a stream: the append is refused when there is more.
///
/// Events stored before under the same ids are answered with their positions all the same, so that
/// a retry is not taken for a conflict with itself.
public struct StreamExpectation: Sendable, Equatable {
  public var stream: StreamName
  /// Nothing in the stream is after this position; 0: the stream is empty.
  public var nothingAfter: Position

  public init(_ stream: StreamName, nothingAfter: Position) {
    self.stream = stream
    self.nothingAfter = nothingAfter
  }
}
