/// The channels on which a dispatcher is woken. The payload is the app. A lost notification costs
/// a poll's wait, nothing else.
public enum DispatchChannels {
  /// Deliveries became due, or lanes became free.
  public static let due = "pushledger_due"
  /// What is due was set right, behind what was read of it, too.
  public static let mended = "pushledger_mended"
  /// An app's credentials, or pauses, changed.
  public static let credentials = "pushledger_credentials"
  /// What a dispatcher's listener is to listen to.
  public static let all = [due, mended, credentials]
}
