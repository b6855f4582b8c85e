import Ledger
import PushCore
import TestSupport

@testable import PushDispatch

extension Chaos {
  // MARK: Deliveries and devices

  /// A delivery is called off, or a device is registered anew.
  func disturbDelivery() {
    let app = world.random.pick(Self.apps)
    let rows = (world.database.due[app]?.values.sorted { $0.key < $1.key }) ?? []
    guard !rows.isEmpty else { return }
    let row = world.random.pick(rows)
    if world.random.chance(60) {
      world.database.callOff(row.key.delivery, of: app, at: world.now)
      return
    }
    let name = SimDatabase.DeviceName(app: app, device: row.device)
    guard let device = world.database.devices[name], device.topic != Self.orphan else { return }
    world.database.devices[name]?.isValid = true
    world.database.devices[name]?.token = "token-\(world.lastPosition)"
    world.database.devices[name]?.topic = world.random.pick(["t.one", "t.two"])
  }

  // MARK: The provider and its credentials

  func disturbProvider() {
    let pause = Duration.milliseconds(Int.random(in: 500...8_000, using: &world.random))
    switch Int.random(in: 0..<4, using: &world.random) {
    case 0:
      badUntil[world.random.pick(["production.example", "sandbox.example"])] = world.now + pause
    case 1: badUntil[world.random.pick(["one", "two", "any"])] = world.now + pause
    case 2:
      world.database.credentials.removeAll { [name = world.random.pick(["one", "two"])] in
        $0.summary.id == name
      }
      world.after(pause) { $0.database.credentials = Self.credentials }
    default:
      world.faults.isOut = true
      world.after(min(pause, .seconds(5))) { $0.faults.isOut = false }
    }
  }

  func answer(_ ticket: Ticket, in world: World) -> World.Answer {
    let delay = Duration.milliseconds(Int.random(in: 1...400, using: &world.random))
    let host = "\(ticket.delivery.request.environment.rawValue).example"
    if let until = badUntil[host], world.now < until {
      let result: AttemptResult =
        world.random.chance(30)
        ? AttemptResult(.unknown, reason: "deadline", blame: .host)
        : AttemptResult(.retry, status: 503, reason: "ServiceUnavailable", blame: .host)
      return World.Answer(result: result, after: world.random.chance(5) ? nil : delay)
    }
    if let until = badUntil[ticket.way.id.id], world.now < until {
      return World.Answer(
        result: AttemptResult(
          .retry, status: 403, reason: "InvalidProviderToken", blame: .credential), after: delay)
    }
    switch Int.random(in: 0..<100, using: &world.random) {
    case 0..<3: return World.Answer(result: AttemptResult(.accepted), after: nil)
    case 3..<6: return World.Answer(result: AttemptResult(.unknown, reason: "lost"), after: delay)
    case 6..<8: return .accepted(after: .milliseconds(1_400))
    case 8..<14:
      return World.Answer(
        result: AttemptResult(
          .retry, status: 429, reason: "TooManyRequests", retryAfter: .seconds(1)), after: delay)
    case 14..<17:
      return World.Answer(
        result: AttemptResult(.rejected, status: 413, reason: "PayloadTooLarge"), after: delay)
    case 17..<18:
      return World.Answer(
        result: AttemptResult(.tokenInvalid, status: 410, reason: "Unregistered"), after: delay)
    default: return .accepted(after: delay)
    }
  }

  // MARK: Dispatchers

  /// One dies or stops, and another starts, at once or later; or one more comes.
  func disturbDispatcher() {
    guard let id = world.members.keys.sorted().randomElement(using: &world.random) else {
      world.startDispatcher()
      return
    }
    if world.random.chance(60) { world.kill(id) } else { world.stop(id) }
    if world.members.count < 2 || world.random.chance(70) {
      let pause = Duration.milliseconds(world.random.pick([1, 500, 6_000]))
      world.after(pause) { if $0.members.count < 3 { $0.startDispatcher() } }
    }
  }
}
