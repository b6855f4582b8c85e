import Hummingbird
import Ledger
import PushCore

/// The list of deliveries with its filter, and its export.
struct DeliveriesPage: Sendable {
  let desk: PageDesk
  let reader: DeliveryReader
  let export: DeliveryExport
  let clock: @Sendable () -> Timestamp

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/deliveries") { request, context in try await list(request, context) }
    for format in ExportFormat.allCases {
      router.get("/console/deliveries.\(format.rawValue)") { request, context in
        let filter = try DeliveryFilter(AddressFields(request), at: clock())
        return try export.response(request, context, filter, format, at: clock())
      }
    }
  }

  private func list(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    guard let session = context.session else { throw Refusal.signedOut }
    let now = clock()
    let fields = AddressFields(request)
    let filter = try DeliveryFilter(fields, at: now)
    let before = try DeliveryCursor(fields)
    // The address is the saved list: what was left empty does not stand in it.
    if fields.hasEmpty { return .see(filter.path(before: before)) }
    let facts = try await reader.read(session.caller.app, filter, before: before, at: now)
    return desk.page(
      "deliveries", title: "Deliveries",
      DeliveriesSheet(
        facts, filter, isFirst: before == nil, mayChoose: session.caller.may(.admin), at: now),
      context, place: .deliveries)
  }
}
