import PushCore

/// A code of Xiaomi's with its words.
struct XiaomiRefusal: Error {
  var code: Int
  var reason: String

  init(_ code: Int, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  /// Xiaomi answers 200 whatever it says.
  var answer: SimulatedAnswer {
    .json([
      "result": "error", "reason": .string(reason), "trace_id": .string(XiaomiID.trace()),
      "code": .integer(code), "description": .string(reason),
    ])
  }

  static let secret = XiaomiRefusal(21301, "Invalid application secret.")
  static let speed = XiaomiRefusal(200_002, "QPS over limit")
  static let day = XiaomiRefusal(200_001, "Daily quota over limit")
  static let noTarget = XiaomiRefusal(20301, "No valid targets!")

  static func missing(_ field: String) -> XiaomiRefusal {
    XiaomiRefusal(10016, "Missing required parameter: \(field)")
  }

  static func wrong(_ field: String) -> XiaomiRefusal {
    XiaomiRefusal(10017, "Parameter value invalid: \(field)")
  }

  static func tooLong(_ field: String) -> XiaomiRefusal {
    XiaomiRefusal(10018, "Parameter too long: \(field)")
  }
}

enum XiaomiID {
  static func message() -> String { "sdm" + hexadecimal(10) }

  static func trace() -> String { "Xdm" + hexadecimal(8) }

  private static func hexadecimal(_ bytes: Int) -> String {
    Hex.encode((0..<bytes).map { _ in UInt8.random(in: 0...255) })
  }
}
