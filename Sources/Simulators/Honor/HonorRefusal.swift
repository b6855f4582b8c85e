import PushCore

/// A code of Honor's, a number. One of three digits is an HTTP status, too.
struct HonorRefusal: Error {
  var code: Int
  var message: String

  init(_ code: Int, _ message: String = "Refused") {
    self.code = code
    self.message = message
  }

  var answer: SimulatedAnswer {
    .json(
      ["code": .integer(code), "message": .string(message)],
      status: (400...599).contains(code) ? code : 200)
  }

  static let noSession = HonorRefusal(401, "Unauthorized")
  static let otherClient = HonorRefusal(403, "Forbidden")
  static let notFound = HonorRefusal(404, "Not found")
  static let badParameters = HonorRefusal(400, "Bad request")
  static let tooFast = HonorRefusal(503, "Too many requests")
  static let noTime = HonorRefusal(10001, "The timestamp is missing.")
  static let badTime = HonorRefusal(10207, "The timestamp is out of range.")
  static let unknownApp = HonorRefusal(10205, "The appId is invalid.")
  static let emptyToken = HonorRefusal(10300, "The token is empty.")
  static let repeatedToken = HonorRefusal(80_300_006, "The tokens hold one twice.")
  static let tooLong = HonorRefusal(80_300_008, "The message body is too large.")
  static let tooManyTokens = HonorRefusal(80_300_010, "The number of tokens is illegal.")

  static func badForm(_ field: String) -> HonorRefusal {
    HonorRefusal(80_100_003, "Incorrect message structure: \(field).")
  }
}
