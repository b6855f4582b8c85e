import Hummingbird
import Ledger

/// The cookie that says which session a browser has.
enum SessionCookie {
  static let name = "pushledger_console"

  /// What a request's cookie holds; nil where it has none.
  static func read(_ request: Request) -> String? { request.cookies[name]?.value }

  /// A link from a chat or a mail opens a page, so the cookie goes with requests of that kind, and
  /// with no other that begins at another site.
  static func set(_ value: String, for request: Request) -> Cookie {
    Cookie(
      name: name, value: value,
      maxAge: Int(ConsoleSessions.lifetime.components.seconds), path: Console.path,
      secure: isSecure(request), httpOnly: true, sameSite: .lax)
  }

  static func clear(for request: Request) -> Cookie {
    Cookie(
      name: name, value: "", maxAge: 0, path: Console.path, secure: isSecure(request),
      httpOnly: true, sameSite: .lax)
  }

  /// Whether the browser speaks TLS, to this server or to the proxy before it.
  private static func isSecure(_ request: Request) -> Bool {
    request.headers[.forwardedProto]?.lowercased().hasPrefix("https") == true
  }
}
