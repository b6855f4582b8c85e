import Hummingbird
import Ledger
import PushCore

/// What an operator does: pauses, projections, erasures; and who did what.
///
/// Whoever may read sees how things are. What changes something asks first, on a page of its own.
struct OperatePage: Sendable {
  private static let formBytes = 8_192

  let desk: PageDesk
  let reader: OperateReader
  let work: ConsoleWork
  let clock: @Sendable () -> Timestamp
  let live: LivePages

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/operate") { request, context in
      let sheet = try await sheet(context)
      return desk.page(
        "operate", title: "Operate", sheet, context, place: .operate,
        live: PagePath.make("/live/operate"))
    }
    router.get("/console/live/operate") { request, context in
      try live.response(request, context) {
        let sheet = try await sheet(context)
        return [
          ("pauses", desk.fragment("operate-pauses", sheet.pausing)),
          ("projections", desk.fragment("operate-projections", sheet.projecting)),
          ("work", desk.fragment("operate-work", sheet.working)),
          ("trail", desk.fragment("operate-trail", sheet.trail)),
        ]
      }
    }
    for name in OperateOrder.Name.allCases {
      let path = RouterPath("/console/operate/" + name.rawValue)
      router.get(path) { request, context in try await ask(name, request, context) }
      router.post(path) { request, context in try await carryOut(name, request, context) }
    }
  }

  private func sheet(_ context: ConsoleContext) async throws -> OperateSheet {
    guard let caller = context.session?.caller else { throw Refusal.signedOut }
    let mayOperate = caller.may(.admin)
    let facts = try await reader.read(caller.app)
    let known = work.state(of: caller.app)
    return OperateSheet(
      mayOperate: mayOperate, pausing: OperatePauses(facts, mayOperate: mayOperate),
      projecting: OperateProjections(facts, caller.app, work: known, mayOperate: mayOperate),
      working: OperateWork(known, at: clock()), trail: OperateTrail(facts))
  }

  private func ask(
    _ name: OperateOrder.Name, _ request: Request, _ context: ConsoleContext
  ) async throws -> Response {
    let caller = try Self.admin(context)
    let order = try OperateOrder(name) { request.uri.queryParameters[$0[...]].map(String.init) }
    let asker = OrderAsker(reader: reader, work: work, clock: clock)
    let sheet = try await asker.ask(order, of: caller.app)
    return desk.page("operate-ask", title: "Operate", sheet, context, place: .operate)
  }

  private func carryOut(
    _ name: OperateOrder.Name, _ request: Request, _ context: ConsoleContext
  ) async throws -> Response {
    try PageForm.requireOwnSite(request)
    let form = try await PageForm(request, context, maxBytes: Self.formBytes)
    try form.requireToken(of: context.session)
    let caller = try Self.admin(context)
    let order = try OperateOrder(name) { form[$0] }
    let reason = try OperateOrder.reason(form["reason"])
    let taker = OrderTaker(reader: reader, work: work, clock: clock)
    try await taker.carryOut(order, reason: reason, by: caller)
    return .see(Place.operate.path)
  }

  /// Who is signed in with a key that may change something.
  ///
  /// - Throws: ``Refusal``
  static func admin(_ context: ConsoleContext) throws -> APIIdentity {
    guard let caller = context.session?.caller else { throw Refusal.signedOut }
    guard caller.may(.admin) else { throw Refusal.scope(.admin) }
    return caller
  }
}
