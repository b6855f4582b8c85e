public import PushCore

extension ProviderRegistry {
  /// What an operator can do about a provider's reason; nil where there is nothing to say.
  public static func advice(for provider: ProviderName, _ reason: String) -> String? {
    provider == .apns ? APNsReason.advice(for: reason) : nil
  }
}
