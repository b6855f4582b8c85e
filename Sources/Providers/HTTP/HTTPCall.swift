internal import PushCore

/// One request to a provider over HTTP.
struct HTTPCall: Sendable {
  var method = "POST"
  /// `https://…`, whole.
  var url: String
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  /// Whether others named the URL: it must be one that ``WebAddress`` takes and lead to a public
  /// address, else nothing is sent.
  var mustBePublic = false
  /// Where false, the answer's status and headers alone count.
  var needsBody = true

  init(_ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]) {
    self.url = url
    self.headers = headers
    self.body = body
  }

  /// A call with a JSON body.
  static func json(
    _ url: String, _ body: JSON, headers: [(name: String, value: String)] = []
  ) -> HTTPCall {
    HTTPCall(
      url, headers: [("content-type", "application/json; charset=utf-8")] + headers,
      body: body.serialized())
  }

  /// A call with a body of `application/x-www-form-urlencoded`.
  static func form(
    _ url: String, _ fields: [(String, String)], headers: [(name: String, value: String)] = []
  ) -> HTTPCall {
    let text = fields.map { URLText.formEncoded($0.0) + "=" + URLText.formEncoded($0.1) }
    return HTTPCall(
      url, headers: [("content-type", "application/x-www-form-urlencoded")] + headers,
      body: Array(text.joined(separator: "&").utf8))
  }

  static func get(_ url: String, headers: [(name: String, value: String)] = []) -> HTTPCall {
    var call = HTTPCall(url, headers: headers, body: [])
    call.method = "GET"
    return call
  }
}

/// What a provider answered.
struct HTTPAnswer: Sendable {
  var status: Int
  /// Names in lower case.
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  /// The first header of a name in lower case.
  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The body where it is JSON.
  var json: JSON? { try? JSON.parse(body) }

  /// What `retry-after` asks for.
  func retryAfter(at now: Timestamp) -> Duration? {
    header("retry-after").flatMap { RetryAfter.read($0, now: now) }
  }
}

/// Why a call has no answer.
struct HTTPFailure: Error, Equatable, Sendable {
  /// What the ledger keeps, such as `connect_refused` or `no_answer`.
  var reason: String
  /// Whether the provider may have taken what was sent.
  var mayHaveArrived: Bool

  /// Whether the same call would fail again.
  var isForGood: Bool { self == .addressNotPublic || self == .urlMalformed }

  static let urlMalformed = HTTPFailure(reason: "url_malformed", mayHaveArrived: false)
  static let shuttingDown = HTTPFailure(reason: "shutting_down", mayHaveArrived: false)
}

/// Texts as they stand in URLs and forms.
enum URLText {
  /// `application/x-www-form-urlencoded`: all but unreserved characters percent-encoded.
  static func formEncoded(_ text: String) -> String {
    var encoded = ""
    encoded.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        encoded.append("%")
        encoded.append(Hex.encode([byte]).uppercased())
      }
    }
    return encoded
  }
}
