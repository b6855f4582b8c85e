import Foundation

/// Standard base64 in which `*`, `-` and `_` stand for `+`, `/` and `=`; not that of RFC 4648.
enum SigBase64 {
  static func encode(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "*").replacing("/", with: "-")
      .replacing("=", with: "_")
  }

  static func decode(_ text: String) -> [UInt8]? {
    guard !text.contains(where: { "+/=".contains($0) }) else { return nil }
    let standard = text.replacing("*", with: "+").replacing("-", with: "/")
      .replacing("_", with: "=")
    return Data(base64Encoded: standard).map { Array($0) }
  }
}
