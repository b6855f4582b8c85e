import HTTPTypes
import Hummingbird
import Ledger

/// One endpoint: what is registered and what the API's document says of it.
struct Route: Sendable {
  enum Service: Sendable {
    /// For everybody.
    case open(@Sendable () async throws -> Response)
    /// In another system's protocol, which has its own ways to say who asks.
    case foreign(@Sendable (ForeignCall) async -> Response)
    /// For users of an app, who sign with a UserSig.
    case signed(@Sendable (APICall) async throws -> Response)
    /// For keys that have the scope.
    case keyed(APIScope, @Sendable (APICall) async throws -> Response)
  }

  let method: HTTPRequest.Method
  /// Such as `/v1/messages/{id}`.
  let path: String
  /// The names of the path's parameters, in order.
  let parameters: [String]
  let operation: Operation
  let service: Service

  private init(
    _ method: HTTPRequest.Method, _ path: String, _ operation: Operation, _ service: Service
  ) {
    self.method = method
    self.path = path
    parameters = path.split(separator: "/").compactMap { segment in
      segment.hasPrefix("{") ? String(segment.dropFirst().dropLast()) : nil
    }
    self.operation = operation
    self.service = service
  }

  /// A route for keys with a scope.
  init(
    _ method: HTTPRequest.Method, _ path: String, _ scope: APIScope, _ operation: Operation,
    serve: @escaping @Sendable (APICall) async throws -> Response
  ) {
    self.init(method, path, operation, .keyed(scope, serve))
  }

  /// A route for a user who signs.
  static func signed(
    _ method: HTTPRequest.Method, _ path: String, _ operation: Operation,
    serve: @escaping @Sendable (APICall) async throws -> Response
  ) -> Route {
    Route(method, path, operation, .signed(serve))
  }

  /// A route without a key.
  static func open(
    _ path: String, _ operation: Operation,
    serve: @escaping @Sendable () async throws -> Response
  ) -> Route {
    Route(.get, path, operation, .open(serve))
  }

  /// A route that speaks another system's protocol.
  static func foreign(
    _ method: HTTPRequest.Method, _ path: String, _ operation: Operation,
    serve: @escaping @Sendable (ForeignCall) async -> Response
  ) -> Route {
    Route(method, path, operation, .foreign(serve))
  }

  var isSigned: Bool {
    if case .signed = service { true } else { false }
  }

  var scope: APIScope? {
    if case .keyed(let scope, _) = service { scope } else { nil }
  }
}
