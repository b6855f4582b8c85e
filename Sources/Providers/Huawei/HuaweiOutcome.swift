internal import PushCore

/// What Huawei's codes mean. Source: Huawei, "Push Kit: Sending Messages", edition of 2025.
enum HuaweiOutcome {
  static let success = "80000000"
  /// Some of the tokens are bad: which, says a JSON text in `msg`.
  static let partly = "80100000"

  static let table: [String: OutcomeKind] = [
    "80300007": .tokenDead,  // All tokens; also said where app or package are wrong.

    "80200003": .sessionRefused,  // The session's token has expired.
    "80200005": .sessionRefused,  // The signed token has expired.
    "80200001": .credentialRefused,  // No token, or another client's.
    "80300002": .credentialRefused,  // The app may not send.
    "80300036": .credentialRefused,  // The signed token lives too long. Unverified.
    "80300037": .credentialRefused,  // The app is being punished. Unverified.

    "80100017": .throttled,  // More than 100 tasks for topics.
    "81000001": .serverFault,  // Internal.

    "80100001": .messageRefused,  // A parameter is wrong.
    "80100003": .messageRefused,  // The structure is wrong.
    "80100004": .messageRefused,  // The time to live is wrong.
    "80100013": .messageRefused,  // The collapse key is wrong.
    "80100016": .messageRefused,  // Forbidden words.
    "80100018": .messageRefused,  // The audit's signature is wrong.
    "80300008": .messageRefused,  // More than 4,096 bytes.
    "80300010": .messageRefused,  // No tokens, or too many.
    "80300029": .messageRefused,  // More tests than the day has.
    "80300030": .messageRefused,  // More tests than the day has.
  ]

  /// - Returns: One for each token, in their order.
  static func verdicts(
    _ answer: HTTPAnswer, on tokens: [String], at now: Timestamp
  ) -> [Verdict] {
    func all(_ verdict: Verdict) -> [Verdict] { .init(repeating: verdict, count: tokens.count) }
    guard let json = answer.json, let code = VendorCode.text(json["code"]) else {
      var verdict = Verdict.unreadable(answer, at: now)
      if let kind = kind(ofStatus: answer.status) { verdict.kind = kind }
      return all(verdict)
    }
    let messageID = json["requestId"]?.string
    switch code {
    case success where answer.status == 200:
      return all(Verdict(.accepted, status: 200, reason: code, messageID: messageID))
    case partly where answer.status == 200:
      return partlyTaken(json["msg"], messageID, on: tokens)
    default:
      let kind = answer.status == 503 ? .throttled : table[code] ?? kind(ofStatus: answer.status)
      return all(
        Verdict(
          kind ?? .messageRefused, status: answer.status, reason: code,
          retryAfter: answer.retryAfter(at: now)))
    }
  }

  /// `{"success":3,"failure":1,"illegal_tokens":["…"]}`
  private static func partlyTaken(
    _ message: JSON?, _ messageID: String?, on tokens: [String]
  ) -> [Verdict] {
    let report = message?.string.flatMap { try? JSON.parse($0) } ?? message
    guard let listed = report?["illegal_tokens"]?.array else {
      return .init(
        repeating: Verdict(.unknown, status: 200, reason: "answer_unreadable"),
        count: tokens.count)
    }
    let illegal = Set(listed.compactMap(\.string))
    // Where fewer are named than failed, nobody knows of the others.
    let isWhole = VendorCode.number(report?["failure"]).map { $0 <= illegal.count } ?? true
    return tokens.map { token in
      if illegal.contains(token) { return Verdict(.tokenDead, status: 200, reason: partly) }
      return Verdict(
        isWhole ? .accepted : .unknown, status: 200, reason: partly, messageID: messageID)
    }
  }

  /// What the HTTP status says where the code says nothing.
  private static func kind(ofStatus status: Int) -> OutcomeKind? {
    switch status {
    case 401: .sessionRefused
    case 404: .credentialRefused  // The path holds the app's or the project's id.
    case 503: .throttled  // Flow control, of the whole app.
    case 500...: .serverFault
    default: nil
    }
  }
}
