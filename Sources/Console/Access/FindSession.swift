import Hummingbird
import Ledger

/// Finds out who is signed in.
struct FindSession: RouterMiddleware {
  let sessions: ConsoleSessions

  func handle(
    _ request: Request, context: ConsoleContext,
    next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    if !AssetRoutes.serves(request), let cookie = SessionCookie.read(request) {
      context.session = try await sessions.find(cookie)
    }
    return try await next(request, context)
  }
}

/// Lets only those through who are signed in with a key that may read; others are asked to sign in,
/// and come back to where they were going.
struct RequireSession: RouterMiddleware {
  func handle(
    _ request: Request, context: ConsoleContext,
    next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    guard let session = context.session else {
      if request.uri.path.hasPrefix(Console.path + "/live/") { return LivePages.end() }
      guard request.method == .get else { throw Refusal.signedOut }
      return .see(SignInPages.path(backTo: request.head.path ?? Console.path))
    }
    guard session.caller.may(.read) else { throw Refusal.scope(.read) }
    return try await next(request, context)
  }
}
