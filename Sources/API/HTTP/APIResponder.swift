import HTTPTypes
import Hummingbird
import Ledger
import Logging
import NIOCore
import Postgres
import PushCore

/// What Hummingbird hands to a responder beside the request.
struct APIRequestContext: InitializableFromSource {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// Every request's way: path → route → key → scope → query → the route's own work → answer.
struct APIResponder: HTTPResponder {
  typealias Context = APIRequestContext

  let table: RouteTable
  let access: KeyAccess
  let signatures: SigAccess
  let metrics: HTTPMetrics
  let bodies: BodyBudget
  let pages: Pages?
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  func respond(to request: Request, context: APIRequestContext) async throws -> Response {
    // A task keeps all the memory that it ever needed, and a stream's task stays for long: what
    // comes before the stream is done in another one.
    guard isLasting(request) else { return await handle(request, context) }
    return await Task { await handle(request, context) }.value
  }

  private func isLasting(_ request: Request) -> Bool {
    guard case .found(let index, _) = table.find(request.method, Self.path(of: request)) else {
      return false
    }
    return table.routes[index].operation.resumes
  }

  /// Without the query.
  private static func path(of request: Request) -> Substring {
    (request.head.path ?? "/").prefix { $0 != "?" && $0 != "#" }
  }

  private func handle(_ request: Request, _ context: APIRequestContext) async -> Response {
    let started = ContinuousClock.now
    metrics.requestBegan()
    let (route, response) = await answer(request, context)
    metrics.requestEnded(
      route: route, status: response.status.code, seconds: started.duration(to: .now))
    return request.method == .head ? response.createHeadResponse() : response
  }

  private func answer(
    _ request: Request, _ context: APIRequestContext
  ) async -> (route: Int?, Response) {
    let whole = request.head.path ?? "/"
    let path = Self.path(of: request)
    if let pages, pages.serves(path) {
      return (metrics.pages, await pages.respond(request, context.channel))
    }
    switch table.find(request.method, path) {
    case .unknown:
      let problem = Problem(
        .routeUnknown, "There is nothing at this path; GET /openapi.json lists what there is.")
      return (nil, fail(problem, nil))
    case .methodNotAllowed(let allowed):
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      let problem = Problem(
        .methodNotAllowed,
        "The path takes \(names), not \(FieldError.shownName(request.method.rawValue) ?? "this one").",
        headers: [.allow: names])
      return (nil, fail(problem, nil))
    case .found(let index, let values):
      let route = table.routes[index]
      do {
        return (index, try await serve(request, context, route, values, whole[path.endIndex...]))
      } catch {
        return (index, fail(Problem(catching: error), error, route))
      }
    }
  }

  private func serve(
    _ request: Request, _ context: APIRequestContext, _ route: Route, _ values: [Substring],
    _ rest: Substring
  ) async throws -> Response {
    let query = rest.dropFirst().prefix { $0 != "#" }
    let known = route.operation.query
    switch route.service {
    case .open(let serve):
      if !query.isEmpty { _ = try QueryValues(query, known: known) }
      return try await serve()
    case .foreign(let serve):
      return await serve(
        ForeignCall(request: request, pathValues: values, query: query) { problem, error in
          _ = fail(problem, error, route)
        })
    case .signed(let serve):
      let now = clock()
      let headers = request.headers
      let (caller, signer) = try await signatures.caller(of: headers, now: now)
      return try await serve(
        call(caller, signer: signer, now) { [signatures, clock] in
          await Self.holds { _ = try await signatures.caller(of: headers, now: clock()) }
        })
    case .keyed(let scope, let serve):
      let headers = request.headers
      let caller = try await access.caller(of: headers, for: scope)
      return try await serve(
        call(caller, signer: nil, clock()) { [access] in
          await Self.holds { _ = try await access.caller(of: headers, for: scope) }
        })
    }

    func call(
      _ caller: APIIdentity, signer: UserID?, _ now: Timestamp,
      _ holds: @escaping @Sendable () async -> Bool
    ) throws -> APICall {
      APICall(
        request: request, route: route, pathValues: try decode(values, route),
        query: query.isEmpty ? .none : try QueryValues(query, known: known), caller: caller,
        signer: signer, bodies: bodies, channel: context.channel, now: now, stillHolds: holds)
    }
  }

  /// Whether it was not refused. What cannot be asked now, because the database is away, is no
  /// refusal.
  private static func holds(_ check: () async throws -> Void) async -> Bool {
    do {
      try await check()
      return true
    } catch {
      return !(error is Problem)
    }
  }

  private func decode(
    _ values: [Substring], _ route: Route
  ) throws(FieldError) -> [String] {
    var decoded: [String] = []
    for (name, value) in zip(route.parameters, values) {
      guard let text = PercentDecoding.decode(value) else {
        throw FieldError(.malformed, name, "is not percent-encoded UTF-8; encode it.")
      }
      decoded.append(text)
    }
    return decoded
  }

  /// Only what is wrong on this side is logged: what clients send may hold anything.
  private func fail(_ problem: Problem, _ error: (any Error)?, _ route: Route? = nil) -> Response {
    metrics.problem(problem.code)
    if problem.code == .internal || problem.code == .ledgerFailed {
      logger.error(
        "A request could not be served",
        metadata: [
          "code": "\(problem.code.rawValue)", "cause": "\(error.map(LoggedError.text) ?? "-")",
          "route": "\(route.map { "\($0.method.rawValue) \($0.path)" } ?? "-")",
        ])
    }
    return problem.response
  }
}
