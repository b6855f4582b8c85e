import NIOHTTP1
import PushCore
import Simulators
import Synchronization

/// A provider that no vendor runs, with as little in it as the shared parts need to be tested.
final class BellSimulation: ProviderSimulation {
  static let name = "bell"
  static let fates: KeyValuePairs = ["gone": "404 gone"]
  static let controlEndpoints: KeyValuePairs = ["POST /keys": "the key that tokens are issued for"]

  private let keys = Mutex<[String]>([])

  /// What `POST /keys` brought.
  var keysGiven: [String] { keys.withLock { $0 } }

  func answer(_ request: SimulatedRequest, in world: SimulatedWorld) -> SimulatedAnswer {
    switch (request.method, request.path) {
    case ("POST", "/token"): token(request, world)
    case ("POST", "/push"): push(request, world)
    case ("GET", "/long"):
      SimulatedAnswer(
        status: 200, headers: [("x-long", String(repeating: "h", count: 700))],
        body: Array(repeating: UInt8(ascii: "b"), count: 200_000))
    case ("GET", "/nothing"): .empty(204)
    default: echo(request)
    }
  }

  private func token(_ request: SimulatedRequest, _ world: SimulatedWorld) -> SimulatedAnswer {
    let user = request.form["user name"] ?? ""
    return .json([
      "token": .string(world.issueSession(user, lifetime: .seconds(60), prefix: "bell."))
    ])
  }

  private func push(_ request: SimulatedRequest, _ world: SimulatedWorld) -> SimulatedAnswer {
    if let bearer = request.bearer {
      switch world.session(bearer) {
      case .live(let user): return .text(user)
      case .expired: return .text("expired", status: 401)
      case nil: return .text("unknown", status: 401)
      }
    }
    guard let json = request.json, let tokens = json["tokens"]?.array?.compactMap(\.string) else {
      return .text("no tokens", status: 400)
    }
    let fates = tokens.map { world.fate(of: $0) }
    for (token, fate) in zip(tokens, fates) {
      world.record(
        SimulatedPush(
          token: token, id: "id-\(token)", payload: request.body, note: json,
          isAccepted: fate == nil, connection: request.connection))
    }
    if let url = json["receipt"]?.string {
      world.send(
        SimulatedReceipt(
          url: url, headers: [("x-receipt", "1")], body: Array("rung".utf8),
          delay: .seconds(json["delay"]?.integer ?? 0)))
    }
    return .json(["fates": .array(fates.map { $0.map { .string($0) } ?? .null })])
  }

  private func echo(_ request: SimulatedRequest) -> SimulatedAnswer {
    .json(
      [
        "method": .string(request.method), "path": .string(request.path),
        "query": .array(request.query.map { [.string($0.name), .string($0.value)] }),
        "host": .string(request.header("host") ?? ""),
        "x-word": .string(request.header("x-word") ?? ""),
        "body_bytes": .integer(request.body.count), "http2": .bool(request.isHTTP2),
        "connection": .integer(request.connection),
      ], status: 201, headers: [("x-answer", "yes")])
  }

  func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    guard (request.method, request.path) == (.POST, "/keys") else { return nil }
    keys.withLock { $0.append(String(decoding: request.body, as: UTF8.self)) }
    return .json(["keys": .integer(keysGiven.count)])
  }
}
