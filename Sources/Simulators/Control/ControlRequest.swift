public import NIOHTTP1
public import PushCore

/// A request to a simulator's control endpoint.
public struct ControlRequest: Sendable {
  public var method: HTTPMethod
  /// Without the query.
  public var path: String
  public var query: [String: String]
  public var body: [UInt8]

  init(_ head: HTTPRequestHead, body: [UInt8]) {
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    method = head.method
    path = String(parts[0])
    query = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[String(sides[0])] = sides.count > 1 ? String(sides[1]) : ""
    }
    self.body = body
  }

  func number(_ name: String) -> Int? { query[name].flatMap { Int($0) } }
}

/// What a control endpoint answers.
public enum ControlAnswer: Sendable {
  case json(JSON, status: HTTPResponseStatus = .ok)
  case text(String, contentType: String)
  /// Lines of NDJSON for as long as the client stays; each call gives the next piece, nil ends it.
  case lines(@Sendable () async -> [UInt8]?)

  public static func problem(
    _ text: String, status: HTTPResponseStatus = .badRequest
  ) -> ControlAnswer {
    .json(.object([JSON.Member("error", .string(text))]), status: status)
  }
}

/// The answers of one simulator's control endpoint.
protocol ControlRoutes: Sendable {
  func answer(_ request: ControlRequest) async -> ControlAnswer
}
