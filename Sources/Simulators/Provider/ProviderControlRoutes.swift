import NIOHTTP1
import PushCore

/// The control endpoint that every provider's simulator has; `GET /` describes it.
struct ProviderControlRoutes: ControlRoutes {
  let engine: ProviderEngine
  let caCertificatePEM: String

  private static let defaultPageLimit = 1_000

  private var world: SimulatedWorld { engine.world }

  func answer(_ request: ControlRequest) async -> ControlAnswer {
    do {
      if let answer = try common(request) { return answer }
    } catch {
      return .problem(error.description)
    }
    if let answer = engine.simulation.control(request, in: world) { return answer }
    return .problem(
      "There is no \(request.method.rawValue) \(request.path) here; GET / lists what there is.",
      status: .notFound)
  }

  private func common(_ request: ControlRequest) throws(FieldError) -> ControlAnswer? {
    switch (request.method, request.path) {
    case (.GET, "/"): return .json(ProviderControlGuide.json(of: type(of: engine.simulation)))
    case (.GET, "/certificate"):
      return .text(caCertificatePEM, contentType: "application/x-pem-file")
    case (.GET, "/received"): return .json(page(request))
    case (.GET, "/received/count"): return .json(world.log.counts.json)
    case (.GET, "/received/duplicates"):
      let limit = request.number("limit") ?? Self.defaultPageLimit
      return .json(["duplicates": .array(world.log.duplicates(limit: limit).map(\.json))])
    case (.POST, "/fates"): return try setFates(request.body)
    case (.DELETE, "/fates"):
      world.fates.clear()
      return .json([:])
    case (.GET, "/faults"): return .json(faults)
    case (.POST, "/faults"):
      for fault in try SimulatedFault.read(request.body) { engine.faults.add(fault) }
      return .json(faults)
    case (.DELETE, "/faults"):
      engine.faults.clear()
      return .json(faults)
    case (.GET, "/receipts"):
      return .json(["receipts": .array(world.receipts.sent.map(\.json))])
    case (.POST, "/sessions/revoke"):
      world.sessions.revoke()
      return .json(["issued": .integer(world.sessionsIssued)])
    case (.GET, "/connections"): return .json(connections)
    case (.POST, "/reset"):
      engine.reset()
      return .json(world.log.counts.json)
    default: return nil
    }
  }

  private func page(_ request: ControlRequest) -> JSON {
    let after = request.number("after") ?? 0
    let limit = request.number("limit") ?? Self.defaultPageLimit
    let pushes = world.log.page(after: after, limit: limit)
    return [
      "pushes": .array(pushes.map(\.json)), "next": .integer(pushes.last?.sequence ?? after),
    ]
  }

  private func setFates(_ body: [UInt8]) throws(FieldError) -> ControlAnswer {
    for order in try FateOrder.read(body) {
      guard world.fates.set(order.fate, of: order.token, times: order.times) else {
        return .problem(
          "\(FateBook.maxTokens) tokens have fates already; DELETE /fates first.",
          status: .conflict)
      }
    }
    return .json([:])
  }

  private var faults: JSON { ["faults": .array(engine.faults.all.map(\.json))] }

  private var connections: JSON {
    [
      "open": .integer(engine.connections.count),
      "accepted": .integer(engine.connections.accepted),
    ]
  }
}
