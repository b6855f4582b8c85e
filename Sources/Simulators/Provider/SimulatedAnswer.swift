public import PushCore

/// What a simulation answers.
public struct SimulatedAnswer: Sendable {
  public var status: Int
  /// Without `content-length`, which follows from the body. Names in lower case.
  public var headers: [(String, String)]
  public var body: [UInt8]

  public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public static func json(
    _ value: JSON, status: Int = 200, headers: [(String, String)] = []
  ) -> SimulatedAnswer {
    SimulatedAnswer(
      status: status, headers: [("content-type", "application/json")] + headers,
      body: value.serialized())
  }

  public static func text(
    _ text: String, status: Int = 200, contentType: String = "text/plain"
  ) -> SimulatedAnswer {
    SimulatedAnswer(
      status: status, headers: [("content-type", contentType)], body: Array(text.utf8))
  }

  public static func empty(_ status: Int) -> SimulatedAnswer { SimulatedAnswer(status: status) }
}
