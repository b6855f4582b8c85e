import PushCore

/// A code of OPPO's with its words.
struct OPPORefusal: Error {
  var code: Int
  var message: String

  init(_ code: Int, _ message: String) {
    self.code = code
    self.message = message
  }

  /// OPPO answers 200 whatever it says.
  var answer: SimulatedAnswer {
    .json(["code": .integer(code), "message": .string(message), "data": [:]])
  }

  /// Whether a batch is refused as a whole with this code, and not the one message.
  var concernsRequest: Bool {
    switch code {
    case 32, 40, 41, 51, 54, 67, 10_000...20_000: false
    default: true
    }
  }

  static let speed = OPPORefusal(13, "App Call Limited")
  static let keyUnknown = OPPORefusal(14, "Invalid App Key")
  static let keyMissing = OPPORefusal(15, "Missing App Key")
  static let signatureWrong = OPPORefusal(16, "Invalid Signature")
  static let signatureMissing = OPPORefusal(17, "Missing Signature")
  static let timestampMissing = OPPORefusal(18, "Missing Timestamp")
  static let timestampWrong = OPPORefusal(19, "Invalid Timestamp")
  static let sessionUnknown = OPPORefusal(11, "Invalid AuthToken")
  static let sessionMissing = OPPORefusal(29, "Missing Auth Token")
  static let repeated = OPPORefusal(32, "Duplicate Message")
  static let day = OPPORefusal(33, "App Push Limited")
  static let template = OPPORefusal(54, "Illegal Template")
  static let category = OPPORefusal(67, "Illegal Category Or Notify Level")
  static let tokenMalformed = OPPORefusal(10_000, "Invalid Registration Id")

  static func missing(_ field: String) -> OPPORefusal {
    OPPORefusal(40, "Missing Required Arguments: \(field)")
  }

  static func illegal(_ field: String) -> OPPORefusal {
    OPPORefusal(41, "Invalid Arguments: \(field)")
  }
}
