import Foundation
import Hummingbird
import HummingbirdCore
import PushCore

/// What the address of a user's page asks for.
struct UserAddress: Sendable {
  /// As of when.
  enum Moment: Sendable, Equatable {
    case position(Position)
    case time(Timestamp)
  }

  let user: UserID
  /// Nil: now.
  let moment: Moment?
  /// Of then: the one device that is wanted.
  let device: DeviceID?

  init(_ request: Request, _ context: ConsoleContext) throws {
    user = try PageID.user(context)
    let query = request.uri.queryParameters
    moment = try query["at"].flatMap { try Self.moment(String($0)) }
    device = query["device"].flatMap {
      $0.isEmpty ? nil : DeviceID(unchecked: String($0))
    }
  }

  /// - Returns: Nil where the text is empty, as a form sends it.
  private static func moment(_ text: String) throws -> Moment? {
    let text = text.trimmingCharacters(in: .whitespaces)
    if text.isEmpty { return nil }
    if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      guard let position = Position(text) else {
        throw Refusal.address("at in the address is \(PageID.shown(text)), beyond any position.")
      }
      return .position(position)
    }
    // A form writes a space as a plus.
    let spaced = String(
      text.enumerated().map { $0.offset == 10 && $0.element == "+" ? " " : $0.element })
    guard let time = Timestamp(iso8601: spaced) else {
      throw Refusal.address(
        "at in the address is \(PageID.shown(text)), neither a position such as 1200 nor a time "
          + "such as 2026-01-31T09:30:00Z (RFC 3339, with Z or with +02:00 and the like, its plus "
          + "written %2B).")
    }
    return .time(time)
  }
}

/// The id that an address ends with.
enum PageID {
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
