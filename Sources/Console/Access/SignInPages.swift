import HTTPTypes
import Hummingbird
import Ledger
import PushCore

/// Signing in with an API key, and out again.
struct SignInPages: Sendable {
  static let path = Console.path + "/sign-in"
  /// A key is shorter; so is the address of a page.
  private static let formBytes = 8_192

  let desk: PageDesk
  let keys: APIKeys
  let sessions: ConsoleSessions

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/sign-in") { request, context -> Response in
      if context.session?.caller.may(.read) == true { return .see(Self.next(in: request)) }
      return show(Self.next(in: request), refusal: nil, context)
    }
    router.post("/console/sign-in") { request, context in try await signIn(request, context) }
    router.post("/console/sign-out") { request, context in
      let form = try await PageForm(request, context, maxBytes: Self.formBytes)
      try form.requireToken(of: context.session)
      if let cookie = SessionCookie.read(request) { try await sessions.close(cookie) }
      var response = Response.see(Self.path)
      response.setCookie(SessionCookie.clear(for: request))
      return response
    }
  }

  /// Where to sign in, to come back to an address afterwards.
  static func path(backTo address: String) -> String {
    address == Console.path
      ? path : path + "?next=" + PagePath.encode(address)
  }

  private func signIn(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    try PageForm.requireOwnSite(request)
    let form = try await PageForm(request, context, maxBytes: Self.formBytes)
    let next = Self.own(form["next"] ?? "")
    guard let caller = try await keys.authenticate(form["key"] ?? "") else {
      return show(
        next, refusal: "This is no key, or a wrong or a revoked one.", context,
        status: .unauthorized)
    }
    guard caller.may(.read) else {
      return show(
        next, refusal: "This key lacks the scope read. Make one that has it.", context,
        status: .forbidden)
    }
    var response = Response.see(next)
    response.setCookie(SessionCookie.set(try await sessions.open(for: caller), for: request))
    return response
  }

  private func show(
    _ next: String, refusal: String?, _ context: ConsoleContext, status: HTTPResponse.Status = .ok
  ) -> Response {
    desk.page(
      "sign-in", title: "Sign in",
      SignInSheet(
        next: next, refusal: refusal,
        hours: ConsoleSessions.lifetime.components.seconds / 3_600),
      context, status: status)
  }

  private static func next(in request: Request) -> String {
    own(request.uri.queryParameters["next"].map(String.init) ?? "")
  }

  /// The address, where it is one of the console's own; else its first page. A link to the sign-in
  /// page must not lead elsewhere.
  private static func own(_ address: String) -> String {
    let path = address.prefix { $0 != "?" && $0 != "#" }
    let isPlain = address.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\\") }
    return isPlain && Console.serves(path) && !path.hasPrefix(Self.path) ? address : Console.path
  }
}

private struct SignInSheet {
  let next: String
  let refusal: String?
  let hours: Int64
}
