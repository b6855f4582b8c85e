import NIOHTTP1
import PushCore

/// The APNs simulator's control endpoint; `GET /` describes it.
struct APNsControlRoutes: ControlRoutes {
  let core: SimulatorCore
  let caCertificatePEM: String

  private static let defaultPageLimit = 1_000
  private static let streamPageLimit = 500

  func answer(_ request: ControlRequest) async -> ControlAnswer {
    do {
      switch (request.method, request.path) {
      case (.GET, "/"): return .json(APNsControlGuide.json)
      case (.GET, "/certificate"):
        return .text(caCertificatePEM, contentType: "application/x-pem-file")
      case (.GET, "/received"): return .json(page(request))
      case (.GET, "/received/count"): return .json(core.log.counts.json)
      case (.GET, "/received/stream"): return stream(after: request.number("after") ?? 0)
      case (.GET, "/received/duplicates"):
        let limit = request.number("limit") ?? Self.defaultPageLimit
        return .json(
          .object([
            JSON.Member("duplicates", .array(core.log.duplicates(limit: limit).map(\.json)))
          ]))
      case (.GET, "/faults"): return .json(faults)
      case (.POST, "/faults"):
        for order in try APNsFaultOrder.read(request.body) { try await perform(order) }
        return .json(faults)
      case (.DELETE, "/faults"):
        try await core.clearFaults()
        return .json(faults)
      case (.GET, "/connections"): return .json(connections)
      case (.POST, "/reset"):
        try await core.reset()
        return .json(core.log.counts.json)
      case (.POST, "/keys"):
        for key in try APNsSimulatorKey.read(request.body) { try core.keys.register(key) }
        return .json(.object([]))
      case (.DELETE, "/keys"):
        core.keys.remove(
          teamID: request.query["team_id"] ?? "", keyID: request.query["key_id"] ?? "")
        return .json(.object([]))
      case (.POST, "/devices"):
        for device in try APNsSimulator.Device.read(request.body) { core.faults.register(device) }
        return .json(.object([]))
      default:
        return .problem(
          "There is no \(request.method.rawValue) \(request.path) here; GET / lists what there is.",
          status: .notFound)
      }
    } catch let error as FieldError {
      return .problem(error.description)
    } catch let error as APNsSimulatorError {
      return .problem(error.description)
    } catch let error as SimulatorError {
      return .problem(error.description)
    } catch {
      return .problem("That went wrong; the simulator is as before.", status: .internalServerError)
    }
  }

  private func page(_ request: ControlRequest) -> JSON {
    let page = core.log.page(
      after: request.number("after") ?? 0,
      limit: request.number("limit") ?? Self.defaultPageLimit)
    return .object([
      JSON.Member("pushes", .array(page.pushes.map(\.json))),
      JSON.Member("next", .integer(page.next)), JSON.Member("dropped", .integer(page.dropped)),
    ])
  }

  private func stream(after: Int) -> ControlAnswer {
    let reader = StreamReader(log: core.log, after: after, limit: Self.streamPageLimit)
    return .lines { await reader.next() }
  }

  private var faults: JSON {
    .object([
      JSON.Member("faults", .array(core.faults.faults.map(\.json))),
      JSON.Member("conditions", core.conditions.json),
    ])
  }

  private var connections: JSON {
    .object([
      JSON.Member("open", .integer(core.registry.count)),
      JSON.Member("accepted", .integer(core.registry.accepted)),
    ])
  }

  private func perform(_ order: APNsFaultOrder) async throws {
    switch order {
    case .fault(let fault): core.faults.add(fault)
    case .change(let change): try await core.change(change)
    case .goAwayNow(let goAway): core.registry.goAway(goAway)
    case .closeNow: core.registry.close()
    case .freezeNow: core.registry.freeze()
    }
  }
}

/// One client's place in the stream of pushes.
private actor StreamReader {
  private let log: ReceivedLog
  private var cursor: ReceivedLog.Cursor
  private let limit: Int

  init(log: ReceivedLog, after: Int, limit: Int) {
    self.log = log
    self.limit = limit
    cursor = log.cursor(after: after)
  }

  /// The next lines; nil when the simulator stopped or the task was cancelled.
  func next() async -> [UInt8]? {
    while !Task.isCancelled {
      let isFinished = log.isFinished
      let expected = cursor.after + 1
      let pushes = log.read(&cursor, limit: limit)
      if let first = pushes.first {
        var lines: [UInt8] = []
        if first.sequence > expected {
          lines +=
            JSON.object([JSON.Member("dropped", .integer(first.sequence - expected))])
            .serialized() + [UInt8(ascii: "\n")]
        }
        for push in pushes { lines += push.json.serialized() + [UInt8(ascii: "\n")] }
        return lines
      }
      if isFinished { return nil }
      await log.waitForPush(after: cursor)
    }
    return nil
  }
}
