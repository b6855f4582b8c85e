import Foundation
import Hummingbird
import PushCore

/// The id that an address ends with.
enum AddressID {
  static func user(_ context: ConsoleContext) throws -> UserID {
    UserID(unchecked: try read(context, "user"))
  }

  static func group(_ context: ConsoleContext) throws -> GroupID {
    GroupID(unchecked: try read(context, "group"))
  }

  /// - Throws: ``Refusal/unknown(_:)``: nothing has an id that cannot be one.
  private static func read(_ context: ConsoleContext, _ kind: String) throws -> String {
    let raw = context.parameters.get("id") ?? ""
    guard let text = raw.removingPercentEncoding else {
      throw Refusal.unknown("The id in the address is not percent-encoded UTF-8, as \(shown(raw)).")
    }
    do {
      _ = try UserID(validating: text, field: "id")
    } catch {
      throw Refusal.unknown("No \(kind) can be called \(shown(text)): it \(error.problem)")
    }
    return text
  }

  /// A text of others within a sentence: cut, in quotes, and turning the sentence's direction no
  /// further than itself.
  static func shown(_ text: String) -> String {
    let cut = text.unicodeScalars.prefix(128)
    let isWhole = cut.count == text.unicodeScalars.count
    return "“\u{2068}\(String(String.UnicodeScalarView(cut)))\u{2069}\(isWhole ? "" : "…")”"
  }
}
