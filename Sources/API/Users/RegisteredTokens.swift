import Providers
import PushCore

/// Tokens of a registration, looked at before the ledger takes it: a mistyped one would only show
/// when the first push is refused. Events that came another way are folded as they are.
enum RegisteredTokens {
  /// - Throws: ``FieldError`` that names the event's field and never holds the token.
  static func check(_ type: EventType, data: JSON?, content: JSON?) throws(FieldError) {
    guard type == .deviceRegistered else { return }
    try check(content?["token"], "content.token", of: data)
    let tokens = content?["fallback_tokens"]?.array ?? []
    for (index, way) in (data?["fallbacks"]?.array ?? []).enumerated()
    where tokens.indices.contains(index) {
      try check(tokens[index], "content.fallback_tokens[\(index)]", of: way)
    }
  }

  private static func check(
    _ token: JSON?, _ field: String, of way: JSON?
  ) throws(FieldError) {
    guard let token, let name = way?["provider"]?.string.flatMap(ProviderName.init(rawValue:))
    else { return }
    try ProviderRegistry.kind(of: name)?.checkToken(token, field: field)
  }
}
