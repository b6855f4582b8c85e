import HTTPTypes
import Hummingbird
import NIOCore
import PushCore

/// An answer that says what is wrong and what to do (RFC 9457, `application/problem+json`).
///
/// It never holds message text, a token or a key.
struct Problem: Error, Sendable {
  /// What a temporary problem tells the client to wait, unless it knows better.
  static let usualRetryAfter = Duration.seconds(1)

  var code: ProblemCode
  /// What was found, what is expected and what to do next.
  var detail: String
  /// The field's path, such as `[17].to.user`; nil where no field is at fault.
  var field: String?
  /// Further members, such as the actual position of a conflict.
  var members: [JSON.Member] = []
  var headers: HTTPFields = [:]
  var retryAfter: Duration?

  init(
    _ code: ProblemCode, _ detail: String, field: String? = nil, members: [JSON.Member] = [],
    headers: HTTPFields = [:], retryAfter: Duration? = nil
  ) {
    self.code = code
    self.detail = detail
    self.field = field
    self.members = members
    self.headers = headers
    self.retryAfter = retryAfter ?? (code.isTemporary ? Self.usualRetryAfter : nil)
  }

  init(_ error: FieldError) {
    self.init(ProblemCode(error.code), error.description, field: error.field)
  }

  /// The problem's kind as a URI, which names it and leads nowhere.
  static func type(_ code: ProblemCode) -> String { "urn:pushledger:problem:\(code.rawValue)" }

  var json: JSON {
    var values: [JSON.Member] = [
      .init("type", .string(Self.type(code))),
      .init("title", .string(code.title)),
      .init("status", .integer(code.status.code)),
      .init("code", .string(code.rawValue)),
      .init("detail", .string(detail)),
    ]
    if let field { values.append(.init("field", .string(field))) }
    return .object(values + members)
  }

  var response: Response {
    var headers = headers
    headers[.contentType] = "application/problem+json"
    if let retryAfter {
      let (seconds, rest) = retryAfter.components
      headers[.retryAfter] = String(max(1, seconds + (rest > 0 ? 1 : 0)))
    }
    return Response(
      status: code.status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.serialized())))
  }
}
