/// The channels on which a dispatcher is woken. The payload is the app. A lost notification costs
/// a poll's wait, nothing else.
public enum DispatchChannels {
  /// Deliveries became due, or lanes became free.
  public static let due = "pushledger_due"
  /// An app's credentials, or pauses, changed.
  public static let credentials = "pushledger_credentials"
  /// What a dispatcher's listener is to listen to.
  public static let all = [due, credentials]
}
