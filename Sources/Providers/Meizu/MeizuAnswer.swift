internal import PushCore

/// What Meizu answered to one request.
///
/// ```
/// {"code":"200","message":"","value":{"110002":["id"],"110003":["id"]},"msgId":"…","redirect":""}
/// ```
///
/// The code is 200 even where every recipient is bad: only those are named.
enum MeizuAnswer {
  static func read(
    _ answer: HTTPAnswer, to pushes: [PreparedPush], at now: Timestamp
  ) -> [Verdict] {
    func all(_ verdict: Verdict) -> [Verdict] {
      [Verdict](repeating: verdict, count: pushes.count)
    }
    guard let json = answer.json, let code = number(json["code"]),
      code != 200 || 200..<300 ~= answer.status
    else { return all(.unreadable(answer, at: now)) }
    let kind = MeizuOutcome.ofRequest(code) ?? .messageRefused
    guard kind == .accepted else {
      return all(
        Verdict(
          kind, status: answer.status, reason: String(code),
          retryAfter: answer.retryAfter(at: now)))
    }
    let accepted = Verdict(.accepted, status: answer.status, messageID: messageID(json["msgId"]))
    let bad = bad(in: json["value"], status: answer.status)
    return pushes.map { bad[$0.token] ?? accepted }
  }

  private static func bad(in value: JSON?, status: Int) -> [String: Verdict] {
    var bad: [String: Verdict] = [:]
    for member in value?.members ?? [] {
      guard let code = Int64(member.key) else { continue }
      let kind = MeizuOutcome.ofRecipient(code) ?? .messageRefused
      for token in member.value.array ?? [] {
        if let token = token.string {
          bad[token] = Verdict(kind, status: status, reason: "\(code)")
        }
      }
    }
    return bad
  }

  private static func messageID(_ value: JSON?) -> String? {
    (value?.string ?? value?.integer.map { String($0) }).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Numbers come as texts, too.
  static func number(_ value: JSON?) -> Int64? {
    value?.integer ?? value?.string.flatMap { Int64($0) }
  }
}
