public import PushCore

/// The first thing in a ledger that is not as it was written.
public struct LedgerFlaw: Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// A position is missing, or stands where none should.
    case gap
    /// An event's fields are not those that its digest was taken of.
    case digest
    /// An event's content is not that of its `content_sha256`.
    case content
    /// An event's content is gone, and no event after it says that it was erased.
    case vanished
    /// An event's time is not its commit's.
    case time
    /// A commit's hash does not follow from its events and the commit before it, or is not that of
    /// the archive that ends there.
    case chain
    /// An event, or a commit, is another than the archived one.
    case archive
    /// The head is not where the last commit ends.
    case head
  }

  public var kind: Kind
  public var app: AppID
  /// The position that does not fit; for a commit its first.
  public var position: Position

  public var description: String {
    let what =
      switch kind {
      case .gap: "no event, or no commit of it, stands where one must"
      case .digest: "the event's fields are not those it was stored with"
      case .content: "the event's content is not the one it was stored with"
      case .vanished: "the event's content is gone, and no later event says that it was erased"
      case .time: "the event's recorded_at is not its commit's"
      case .chain:
        "the commit's hash does not follow from its events and the commit before, or is not that "
          + "of the archive that ends there"
      case .archive:
        "the event, or its commit, is not the one in the archive. One of the two was changed: "
          + "compare both with a backup, and keep what the backup agrees with"
      case .head: "the head is not where the last commit ends"
      }
    return "App \(app), position \(position): \(what)."
  }
}

/// What a verification found.
public struct VerificationReport: Sendable, Equatable {
  public var app: AppID
  /// Events and commits that are there and fit, up to the first that does not.
  public var events: Int64
  public var commits: Int64
  /// Events whose content was erased: their hash stands in for it.
  public var erased: Int64
  /// Events that are not there, for they are in the archive.
  public var detached: Int64
  /// Up to where events may be detached; nil: all are there.
  public var archivedUpTo: Position?
  /// The chain at the end, in hex: keep it elsewhere, and a ledger that was cut off or written
  /// anew as a whole is found too.
  public var chain: String
  public var flaw: LedgerFlaw?

  public var isSound: Bool { flaw == nil }
}
