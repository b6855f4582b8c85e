/// Channels on which the ledger says that something came. Nothing rests on them alone: a reader
/// polls besides, slowly.
public enum LedgerChannels {
  /// The payload is the app. Sent after a commit, not in it, and not for every one of many.
  public static let events = "pushledger_events"
}
