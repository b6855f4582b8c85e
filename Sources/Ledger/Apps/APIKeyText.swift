import Crypto
import PushCore

/// The text of an API key: `plk_<app>.<12 random>_<43 random>`.
///
/// The part up to the last underscore names the key; what follows is the secret, some 256 bits
/// that are kept nowhere.
struct APIKeyText {
  static let prefix = "plk_"
  /// A longer text is no key of ours.
  static let maximumBytes = 160
  private static let idLength = 12
  private static let secretLength = 43
  private static let alphabet = Array(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  let app: AppID
  let id: String
  private let secret: String

  var text: String { "\(Self.prefix)\(id)_\(secret)" }

  var secretSHA256: [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }

  /// Makes a key from randomness good enough for secrets.
  init(for app: AppID, using random: inout some RandomNumberGenerator) {
    self.app = app
    id = "\(app).\(Self.letters(Self.idLength, using: &random))"
    secret = Self.letters(Self.secretLength, using: &random)
  }

  /// Reads a key's text; nil where it cannot be one.
  init?(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes, text.hasPrefix(Self.prefix),
      let mark = text.lastIndex(of: "_"), let dot = text.lastIndex(of: "."), dot < mark
    else { return nil }
    let start = text.index(text.startIndex, offsetBy: Self.prefix.count)
    guard start < dot, let app = try? AppID(validating: String(text[start..<dot])) else {
      return nil
    }
    self.app = app
    id = String(text[start..<mark])
    secret = String(text[text.index(after: mark)...])
    guard secret.utf8.count == Self.secretLength,
      id.utf8.count == app.rawValue.utf8.count + 1 + Self.idLength
    else { return nil }
  }

  private static func letters(
    _ count: Int, using random: inout some RandomNumberGenerator
  ) -> String {
    String(
      decoding: (0..<count).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }, as: UTF8.self)
  }
}

/// Compares in a time that does not tell where two values differ.
func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for (a, b) in zip(left, right) { difference |= a ^ b }
  return difference == 0
}
