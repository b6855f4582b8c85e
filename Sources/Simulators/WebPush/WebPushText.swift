import Foundation

/// Base64url as subscriptions, keys and tokens have it.
enum WebPushText {
  static func encode(_ bytes: some DataProtocol) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  /// - Parameter isStrict: Padding and the other base64's characters are none of it.
  static func decode(_ text: some StringProtocol, isStrict: Bool = false) -> Data? {
    if isStrict, text.contains(where: { "=+/".contains($0) }) { return nil }
    let base64 = String(text).replacing("-", with: "+").replacing("_", with: "/")
      .replacing("=", with: "")
    return Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4))
  }

  /// What a topic may be made of.
  static func isBase64URL(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
