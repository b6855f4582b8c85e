import HTTPTypes

/// What a reader of the API's document learns of an endpoint, and what its body may be.
struct Operation: Sendable {
  /// `operationId`
  var id: String
  var summary: String
  var detail = ""
  var query: [QueryParameter] = []
  var body: Body?
  var answer = Answer()
  /// Beside those that every endpoint can have.
  var problems: [ProblemCode] = []

  struct Body: Sendable {
    var types = ["application/json"]
    /// A schema of the document.
    var schema: String
    /// Whether an array of them is taken as well.
    var takesMany = false
    var maxBytes = APILimits.bodyBytes
  }

  struct Answer: Sendable {
    var status: HTTPResponse.Status = .ok
    var type = "application/json"
    /// A schema of the document; nil where the answer is no JSON.
    var schema: String?
    /// The schema of the answer to an array.
    var manySchema: String?

    static func accepted(_ schema: String = "Written", many: String? = nil) -> Answer {
      Answer(status: .accepted, schema: schema, manySchema: many)
    }
  }

  /// Whether the request may be named by an `Idempotency-Key`: where ids in the body don't do that.
  var takesKey = false
  /// Whether the answer goes on after what ``resumption`` names.
  var resumes = false

  static let resumption = "Last-Event-ID"
}

struct QueryParameter: Sendable {
  enum Form: Sendable {
    case integer(ClosedRange<Int64>)
    case bool
    case text(maxBytes: Int)
    case uuid
  }

  var name: String
  var form: Form
  var detail: String

  static let atLeast = QueryParameter(
    name: "at_least", form: .integer(0...Int64.max),
    detail: "Wait, up to 5 seconds, until this position of the ledger shows in the answer.")
  static let expectedPosition = QueryParameter(
    name: "expected_position", form: .integer(0...Int64.max),
    detail: "Refuse the request when the stream it writes to has anything after this position; "
      + "0: when it has anything at all.")
  static let after = QueryParameter(
    name: "after", form: .integer(0...Int64.max), detail: "Begin after this position.")
}
