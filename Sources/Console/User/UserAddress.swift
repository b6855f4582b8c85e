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
    user = try AddressID.user(context)
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
        throw Refusal.address("at in the address is \(AddressID.shown(text)), beyond any position.")
      }
      return .position(position)
    }
    // A form writes a space as a plus.
    let spaced = String(
      text.enumerated().map { $0.offset == 10 && $0.element == "+" ? " " : $0.element })
    guard let time = Timestamp(iso8601: spaced) else {
      throw Refusal.address(
        "at in the address is \(AddressID.shown(text)), neither a position such as 1200 nor a time "
          + "such as 2026-01-31T09:30:00Z (RFC 3339, with Z or with +02:00 and the like, its plus "
          + "written %2B).")
    }
    return .time(time)
  }
}
