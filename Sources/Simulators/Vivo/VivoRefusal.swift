import PushCore

/// A code of vivo's. Which of the codes for illegal fields is whose is known only in part.
struct VivoRefusal: Error, Equatable {
  var code: Int

  init(_ code: Int) { self.code = code }

  /// vivo answers 200 whatever it says.
  var answer: SimulatedAnswer {
    .json(["result": .integer(code), "desc": .string("Code \(code).")])
  }

  static let session = VivoRefusal(10000)
  static let sessionOfOther = VivoRefusal(10094)
  static let tooManyAuths = VivoRefusal(10093)

  static let appIDMissing = VivoRefusal(10200)
  static let appKeyMissing = VivoRefusal(10201)
  static let appKeyWrong = VivoRefusal(10202)
  static let timestampMissing = VivoRefusal(10203)
  static let signMissing = VivoRefusal(10204)
  static let appUnknown = VivoRefusal(10205)
  static let signWrong = VivoRefusal(10206)
  static let timestampWrong = VivoRefusal(10207)

  static let tooFast = VivoRefusal(10072)
  static let operationVolume = VivoRefusal(10070)
  static let systemVolume = VivoRefusal(10073)
  static let night = VivoRefusal(10071)
  static let listVolume = VivoRefusal(10252)

  static let recipientMissing = VivoRefusal(10050)
  static let notifyType = VivoRefusal(10054)
  static let titleMissing = VivoRefusal(10055)
  static let titleTooLong = VivoRefusal(10056)
  static let contentMissing = VivoRefusal(10057)
  static let contentTooLong = VivoRefusal(10058)
  static let timeToLive = VivoRefusal(10059)
  static let skip = VivoRefusal(10060)
  static let custom = VivoRefusal(10065)
  static let extra = VivoRefusal(10067)
  static let number = VivoRefusal(10082)
  static let classification = VivoRefusal(10095)
  static let category = VivoRefusal(10096)
  static let categoryOfOther = VivoRefusal(10097)
  static let recipients = VivoRefusal(10150)
  static let task = VivoRefusal(10152)
  static let requestIDWrong = VivoRefusal(10352)
  static let requestIDKnown = VivoRefusal(10353)
}
