import Foundation
import Hummingbird
import Ledger
import Postgres
import Projections
import PushCore

/// Deliveries that were chosen elsewhere, to be called off or tried again: first what would become of
/// each, then, once more sent, it is done.
struct DeliveryOrdersPage: Sendable {
  static let path = Place.operate.path + "/deliveries"
  /// A chosen delivery's field is so long, or shorter.
  private static let fieldBytes = 64
  private static let prefix = "id."

  let desk: PageDesk
  let pool: PostgresPool
  let clock: @Sendable () -> Timestamp

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.post(RouterPath(Self.path)) { request, context in
      try PageForm.requireOwnSite(request)
      let form = try await PageForm(
        request, context, maxBytes: (DeliveryControl.maximum + 32) * Self.fieldBytes)
      try form.requireToken(of: context.session)
      let caller = try OperatePage.admin(context)
      let order = try Self.order(form["order"])
      let ids = try Self.ids(form)
      let choices = try await DeliveryControl(pool).plan(order, ids, of: caller.app)
      guard !choices.isEmpty else {
        throw Refusal.unknown("The app has none of the deliveries that were chosen.")
      }
      guard form["sure"] == "yes" else {
        return desk.page(
          "operate-deliveries", title: order.question, DeliveryOrderSheet(order, choices), context,
          place: .operate)
      }
      try await carryOut(
        order, choices.filter { $0.refusal == nil }.map(\.id), by: caller,
        reason: try OperateOrder.reason(form["reason"]))
      return .see(Place.deliveries.path)
    }
  }

  private func carryOut(
    _ order: DeliveryControl.Order, _ ids: [UUID], by caller: APIIdentity, reason: String?
  ) async throws {
    guard !ids.isEmpty else {
      throw Refusal.state("None of the deliveries can be taken any more.")
    }
    try await Audit(pool).record(
      order.rawValue + "_deliveries",
      .object(present: [
        ("deliveries", .integer(ids.count)), ("first", ids.first.map { JSON($0) }),
        ("reason", reason.map { .string($0) }),
      ]), by: caller)
    _ = try await DeliveryControl(pool).carryOut(
      order, ids, of: caller.app, by: caller.keyID, reason: reason, now: clock())
  }

  private static func order(_ text: String?) throws(Refusal) -> DeliveryControl.Order {
    guard let order = DeliveryControl.Order(rawValue: text ?? "") else {
      throw .form("order is \(FieldError.shown(text ?? "")); cancel or retry is expected.")
    }
    return order
  }

  private static func ids(_ form: PageForm) throws(Refusal) -> [UUID] {
    var ids: [UUID] = []
    for name in form.names where name.hasPrefix(prefix) {
      guard let id = UUID(uuidString: String(name.dropFirst(prefix.count))) else {
        throw .form("\(FieldError.shown(name)) names no delivery; id. and a UUID are expected.")
      }
      ids.append(id)
    }
    guard !ids.isEmpty else { throw .form("No delivery is chosen.") }
    guard ids.count <= DeliveryControl.maximum else {
      throw .form(
        "\(ids.count) deliveries are chosen; \(DeliveryControl.maximum) at once are allowed.")
    }
    return ids.sorted { $0.uuidString < $1.uuidString }
  }
}

/// The template `operate-deliveries`.
struct DeliveryOrderSheet: Sendable {
  struct Row: Sendable {
    let message: PageID
    let user: PageID
    let device: PageID?
    let provider: String?
    let state: PageState
    /// What becomes of it, or why nothing does.
    let fate: String
  }

  let question: String
  let margin: String
  let will: [AskSheet.Sentence]
  let rows: [Row]
  let hasTaken: Bool
  let taken: [PageID]
  let order: String
  let button: String
  let action = DeliveryOrdersPage.path
  let back = Place.deliveries.path

  init(_ order: DeliveryControl.Order, _ choices: [DeliveryControl.Choice]) {
    let isTaken = choices.filter { $0.refusal == nil }
    question = order.question
    margin = order.margin
    self.order = order.rawValue
    button = order.button(isTaken.count)
    let left = choices.count - isTaken.count
    let rest = left == 0 ? [] : ["\(left.grouped) are left as they are; why stands beside each."]
    will = ([order.sentence(isTaken.count)] + rest).map { AskSheet.Sentence(sentence: $0) }
    rows = choices.map { choice in
      Row(
        message: PageID(
          id: choice.message.rawValue, link: PagePath.message(choice.message.rawValue)),
        user: PageID(id: choice.user.rawValue, link: PagePath.user(choice.user.rawValue)),
        device: choice.device.map { PageID(id: $0.rawValue, link: nil) },
        provider: choice.provider,
        state: PageState(
          status: choice.status, word: choice.status.replacing("_", with: " ")),
        fate: choice.refusal ?? order.fate)
    }
    hasTaken = !isTaken.isEmpty
    taken = isTaken.map { PageID(id: $0.id.uuidString.lowercased(), link: nil) }
  }
}

extension DeliveryControl.Order {
  fileprivate var question: String {
    switch self {
    case .cancel: "Call deliveries off?"
    case .retry: "Try deliveries again?"
    }
  }

  fileprivate var margin: String {
    switch self {
    case .cancel: "What is in flight may ring all the same."
    case .retry: "A phone that rang already may ring a second time."
    }
  }

  fileprivate func sentence(_ count: Int) -> String {
    let what = count == 1 ? "1 delivery" : "\(count.grouped) deliveries"
    return switch self {
    case .cancel: "\(what) will be called off: not pushed any more."
    case .retry: "\(what) will become due once more, and be pushed again."
    }
  }

  fileprivate var fate: String {
    switch self {
    case .cancel: "will be called off"
    case .retry: "will be tried again"
    }
  }

  fileprivate func button(_ count: Int) -> String {
    switch self {
    case .cancel: "Call \(count.grouped) off"
    case .retry: "Try \(count.grouped) again"
    }
  }
}
