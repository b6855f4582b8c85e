import Hummingbird
import Ledger
import Postgres
import Projections
import PushCore

/// Sends a push to one device, and leads to its message, where one sees it arrive.
struct TestPushPage: Sendable {
  static let titleBytes = 256
  static let textBytes = 1_024
  static let usualTitle = "Test push"
  static let usualText = "This is a test from PushLedger's console."
  private static let formBytes = 16_384

  let desk: PageDesk
  let pool: PostgresPool
  let clock: @Sendable () -> Timestamp

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/test") { request, context in
      let caller = try OperatePage.admin(context)
      func field(_ name: String) -> String? {
        request.uri.queryParameters[name[...]].map(String.init).flatMap { $0.isEmpty ? nil : $0 }
      }
      guard field("user") != nil else {
        return show(TestPushSheet(device: field("device")), context)
      }
      let user: UserID = try OperateOrder.id("user", field)
      let devices = try await NotificationsReader(pool: pool).devices(of: user, in: caller.app)
      guard !devices.isEmpty else {
        throw Refusal.unknown("No device of the user \(user.rawValue) is known.")
      }
      guard field("device") != nil else {
        return show(TestPushSheet(user, devices), context)
      }
      let id: DeviceID = try OperateOrder.id("device", field)
      let device = try Self.device(id, of: user, in: devices)
      let sheet = TestPushSheet(
        user, device, pauses: try await DispatchPauses(pool).list(of: caller.app),
        credentials: try await ProviderCredentials(pool).list(of: caller.app))
      return show(sheet, context)
    }
    router.post("/console/test") { request, context in try await send(request, context) }
  }

  private func show(_ sheet: TestPushSheet, _ context: ConsoleContext) -> Response {
    desk.page("test-push", title: "Test push", sheet, context, place: .test)
  }

  private func send(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    try PageForm.requireOwnSite(request)
    let form = try await PageForm(request, context, maxBytes: Self.formBytes)
    try form.requireToken(of: context.session)
    let caller = try OperatePage.admin(context)
    let user: UserID = try OperateOrder.id("user") { form[$0] }
    let id: DeviceID = try OperateOrder.id("device") { form[$0] }
    let title = try Self.text("title", form, most: Self.titleBytes)
    let text = try Self.text("text", form, most: Self.textBytes)
    guard !text.isEmpty else { throw Refusal.form("text is empty; say what the push shows.") }
    let devices = try await NotificationsReader(pool: pool).devices(of: user, in: caller.app)
    _ = try Self.device(id, of: user, in: devices)
    try await Audit(pool).record(
      "test_push", ["user": JSON(user), "device": JSON(id)], by: caller)
    let message = try await TestPush(pool).send(
      TestPush.Order(user: user, device: id, title: title, text: text), to: caller.app,
      now: clock())
    return .see(PagePath.message(message.rawValue))
  }

  private static func device(
    _ id: DeviceID, of user: UserID, in devices: [DeviceReport]
  ) throws(Refusal) -> DeviceReport {
    guard let device = devices.first(where: { $0.device == id }) else {
      throw .unknown("No device \(id.rawValue) of the user \(user.rawValue) is known.")
    }
    return device
  }

  private static func text(
    _ name: String, _ form: PageForm, most: Int
  ) throws(Refusal) -> String {
    let text = form[name] ?? ""
    guard text.utf8.count <= most, !text.utf8.contains(0) else {
      throw .form(
        "\(name) has \(text.utf8.count) bytes; at most \(most) without zero bytes are allowed.")
    }
    return text
  }
}
