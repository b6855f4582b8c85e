import Hummingbird
import HummingbirdCore
import Ledger
import Postgres
import PushCore

/// A group: who is in it, and its last messages.
struct GroupPage: Sendable {
  let desk: PageDesk
  let reader: GroupReader

  init(desk: PageDesk, pool: PostgresPool) {
    self.desk = desk
    reader = GroupReader(pool: pool)
  }

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/groups/:id") { request, context in
      guard let app = context.session?.caller.app else { throw Refusal.signedOut }
      let group = try AddressID.group(context)
      let after = try Self.after(request)
      guard let facts = try await reader.read(group, in: app, membersAfter: after) else {
        throw Refusal.unknown(
          "Nothing was ever said of a group \(AddressID.shown(group.rawValue)). Ids are compared byte "
            + "by byte.")
      }
      return desk.page(
        "group", title: "Group \(group)", GroupSheet(group, facts, membersAfter: after), context)
    }
  }

  private static func after(_ request: Request) throws -> UserID? {
    guard let text = request.uri.queryParameters["after"].map(String.init), !text.isEmpty else {
      return nil
    }
    do {
      return try UserID(validating: text, field: "after")
    } catch {
      throw Refusal.address(
        "after in the address is no user's id, after whom the page would begin: it "
          + error.problem)
    }
  }
}
