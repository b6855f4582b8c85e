internal import PushCore

/// What vivo answered to one call.
///
/// ```
/// {"result":0,"desc":"…","taskId":"…","invalidUser":{"userid":"…","status":1}}
/// ```
struct VivoAnswer {
  var status: Int
  var code: Int64
  var json: JSON

  /// Nil where the answer is none of vivo's, such as the text of a server's fault.
  init?(_ answer: HTTPAnswer) {
    guard let json = answer.json, let code = Self.number(json["result"]) else { return nil }
    guard code != 0 || 200..<300 ~= answer.status else { return nil }
    status = answer.status
    self.code = code
    self.json = json
  }

  var taskID: String? { json["taskId"]?.string }

  /// Why a recipient's push failed although the call went well.
  struct Invalid {
    var token: String?
    var status: Int64?

    var verdict: Verdict {
      Verdict(
        VivoOutcome.ofRecipient(status),
        reason: "invalid_user" + (status.map { "_\($0)" } ?? ""))
    }
  }

  /// Of a call with one recipient, and of one with many.
  var invalid: [Invalid] {
    var entries = json["invalidUsers"]?.array ?? []
    if let one = json["invalidUser"], one.members?.isEmpty == false { entries.append(one) }
    return entries.map { Invalid(token: $0["userid"]?.string, status: Self.number($0["status"])) }
  }

  /// Numbers come as texts, too.
  static func number(_ value: JSON?) -> Int64? {
    value?.integer ?? value?.string.flatMap { Int64($0) }
  }
}
