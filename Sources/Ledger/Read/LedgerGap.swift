public import PushCore

/// An event that is neither in a ledger nor in its archive, though positions have no gap.
public struct LedgerGap: Error, Equatable, Sendable, CustomStringConvertible {
  public var app: AppID
  /// The first that is missing.
  public var position: Position

  /// Looks through a page that must hold every event after a position up to another.
  ///
  /// - Parameter events: In order.
  /// - Returns: Nil where none is missing.
  init?(
    in events: [RecordedEvent], of app: AppID, after start: Position, upTo end: Position
  ) {
    var next = start + 1
    for event in events where event.position == next { next += 1 }
    guard next <= end else { return nil }
    self.app = app
    position = next
  }

  public var description: String {
    """
    The event at position \(position) of app \(app) is missing: it was deleted behind PushLedger's \
    back. `pushledger verify \(app)` says what else is wrong. Put the database back from a backup, \
    or restore an archive that has the event into an empty one.
    """
  }
}
