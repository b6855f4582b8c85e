import PushCore

/// A code of Huawei's, with the HTTP status that it comes with.
struct HuaweiRefusal: Error {
  /// Eight digits; nil: the HTTP status is all there is.
  var code: String?
  var message: String
  var status: Int

  private init(_ code: String?, _ message: String, status: Int) {
    self.code = code
    self.message = message
    self.status = status
  }

  /// A code as a fate names it: with the status that it has in Huawei's pages, else 200.
  init(code: String, _ message: String = "Refused") {
    let status =
      switch code {
      case "80200001", "80200003", "80200005": 401
      case "81000001": 500
      case _ where code.hasPrefix("801000"): 400
      default: 200
      }
    self.init(code, message, status: status)
  }

  /// An answer of what stands before the service, in HTML.
  static func status(_ status: Int) -> HuaweiRefusal {
    HuaweiRefusal(nil, "", status: status)
  }

  var answer: SimulatedAnswer {
    guard let code else {
      return .text(
        "<html><head><title>\(status)</title></head></html>\n", status: status,
        contentType: "text/html")
    }
    return .json(
      [
        "code": .string(code), "msg": .string(message),
        "requestId": .string(HuaweiID.request()),
      ], status: status)
  }

  static let noToken = HuaweiRefusal(code: "80200001", "Oauth authentication error.")
  static let sessionExpired = HuaweiRefusal(code: "80200003", "Oauth Token expired.")
  static let signedTokenExpired = HuaweiRefusal(code: "80200005", "The JWT has expired.")
  static let signedTokenTooLong = HuaweiRefusal(code: "80300036", "The JWT is valid too long.")
  static let noPermission = HuaweiRefusal(code: "80300002", "No permission for the app.")
  static let allTokensInvalid = HuaweiRefusal(code: "80300007", "All the tokens are invalid.")
  static let tooLong = HuaweiRefusal(code: "80300008", "The message body size is too large.")
  static let badTokenCount = HuaweiRefusal(code: "80300010", "The number of tokens is illegal.")
  static let tooManyTests = HuaweiRefusal(code: "80300029", "Too many test messages today.")
  static let badTTL = HuaweiRefusal(code: "80100004", "Incorrect TTL.")
  static let badCollapseKey = HuaweiRefusal(code: "80100013", "Incorrect collapse_key.")
  static let tooFast = HuaweiRefusal.status(503)

  static func badForm(_ field: String) -> HuaweiRefusal {
    HuaweiRefusal(code: "80100003", "Incorrect message structure: \(field).")
  }

  static func badParameter(_ field: String) -> HuaweiRefusal {
    HuaweiRefusal(code: "80100001", "Incorrect parameter: \(field).")
  }
}

enum HuaweiID {
  static func request() -> String {
    (0..<24).map { _ in String(Int.random(in: 0...9)) }.joined()
  }
}
