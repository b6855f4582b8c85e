import Foundation
import Hummingbird
import HummingbirdCore
import Projections
import PushCore

/// What the address of a message's page asks for.
struct MessageAddress: Sendable {
  /// Which rows of a large message's deliveries are shown.
  enum Rows: Equatable, Sendable {
    case first
    case after(UUID)

    var text: String {
      switch self {
      case .first: "first"
      case .after(let id): id.uuidString.lowercased()
      }
    }
  }

  let message: MessageID
  let user: UserID?
  let device: DeviceID?
  /// Nil: none.
  let rows: Rows?

  init(_ request: Request, _ context: ConsoleContext) throws {
    let query = request.uri.queryParameters
    message = try Self.id(Self.segment(context), "message")
    user = try query["user"].map { try Self.id(String($0), "`user`") }
    device = try query["device"].map { try Self.id(String($0), "`device`") }
    rows = try query["after"].map { text in
      if text == "first" { return .first }
      guard let id = UUID(uuidString: String(text)) else {
        throw Refusal.address(
          "`after` in the address is neither `first` nor a delivery's id, which is a UUID.")
      }
      return .after(id)
    }
  }

  /// The id of a delivery that an address ends with.
  static func delivery(_ context: ConsoleContext) throws -> UUID {
    guard let id = UUID(uuidString: try segment(context)) else {
      throw Refusal.address("The delivery in the address is no UUID, such as a push carries.")
    }
    return id
  }

  private static func segment(_ context: ConsoleContext) throws -> String {
    guard let text = context.parameters.get("id")?.removingPercentEncoding else {
      throw Refusal.address("The id in the address is not percent-encoded UTF-8.")
    }
    return text
  }

  private static func id<ID: EntityID>(_ text: String, _ field: String) throws -> ID {
    do {
      return try ID(validating: text, field: field)
    } catch {
      throw Refusal.address("The address is wrong: \(field) \(error.problem)")
    }
  }

  // MARK: Other addresses of the page

  var question: Explainer.Question {
    Explainer.Question(message, user: user, device: device, showsContent: true)
  }

  /// Where the page's live parts come from.
  var live: String { path("/live/messages/", user: user, device: device, rows: rows) }
  /// The whole message.
  var whole: String { path("/messages/") }

  func of(_ user: UserID, _ device: DeviceID?) -> String {
    path("/messages/", user: user, device: device)
  }

  func showing(_ rows: Rows) -> String {
    path("/messages/", user: user, device: device, rows: rows) + "#rows"
  }

  private func path(
    _ start: String, user: UserID? = nil, device: DeviceID? = nil, rows: Rows? = nil
  ) -> String {
    PagePath.make(
      start + PagePath.encode(message.rawValue),
      ["user": user?.rawValue, "device": device?.rawValue, "after": rows?.text])
  }
}
