public import HummingbirdCore
public import NIOCore

/// Pages for people with a browser, served beside the API under paths of their own.
public struct Pages: Sendable {
  /// Whether a path, without its query, is one of theirs.
  public var serves: @Sendable (Substring) -> Bool
  /// Answers any request to one of their paths.
  public var respond: @Sendable (Request, any Channel) async -> Response

  public init(
    serves: @escaping @Sendable (Substring) -> Bool,
    respond: @escaping @Sendable (Request, any Channel) async -> Response
  ) {
    self.serves = serves
    self.respond = respond
  }
}
