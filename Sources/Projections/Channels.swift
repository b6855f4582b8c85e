/// The channels on which processes tell each other that there is something to do. The payload is
/// the app. A lost notification costs a slow poll's wait, nothing else.
public enum Channels {
  /// Events were appended.
  public static let events = "pushledger_events"
  /// The projection `notifications` moved its checkpoint.
  public static let projected = "pushledger_projected"
  /// Deliveries became due.
  public static let due = "pushledger_due"
  /// What is due was set right, behind what was read of it, too.
  public static let mended = "pushledger_mended"
}
