/// A key, certificate or token that shows itself in no log, error or debugger dump.
public struct SecretText: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let text: String

  public init(_ text: String) { self.text = text }

  /// The secret itself: only for signing, TLS and the wire.
  public func reveal() -> String { text }

  public var isEmpty: Bool { text.isEmpty }
  public var description: String { "<secret>" }
  public var debugDescription: String { "<secret>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
