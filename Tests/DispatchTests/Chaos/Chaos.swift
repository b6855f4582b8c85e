import PushCore
import TestSupport
import Testing

import struct Foundation.UUID

@testable import PushDispatch

/// A minute of traffic in which everything goes wrong that can, then peace.
final class Chaos {
  static let apps = [AppID(unchecked: "shop"), AppID(unchecked: "bank")]
  static let traffic = Duration.seconds(60)
  /// A topic for which there is no credential.
  static let orphan = "org.example.orphan"

  let seed: UInt64
  let isCalm: Bool
  let world: World
  /// What was made due.
  private(set) var deliveries: [UUID] = []
  /// That of it for which there is a way.
  private(set) var sendable: [UUID] = []
  var badUntil: [String: Timestamp] = [:]

  init(seed: UInt64, isCalm: Bool = false) {
    self.seed = seed
    self.isCalm = isCalm
    var dice = SeededRandom(seed: seed)
    world = World(seed: seed, configuration: Self.configuration(&dice))
    for (app, lanes) in zip(Self.apps, [4, 2]) { world.add(app, lanes: lanes) }
    world.database.credentials = Self.credentials
    world.ledger.callOffSlack =
      world.configuration.freshness + Faults.slowest + .seconds(1)
    world.faults.longestWay = 5
    guard !isCalm else { return }
    world.database.isProjectionBehind = dice.chance(50)
    world.faults.longestWay = dice.pick([2, 10, 60])
    world.faults.failures = dice.pick([0, 3, 15])
    world.faults.slowCalls = dice.pick([0, 1, 4])
    world.faults.lostNotifications = dice.pick([0, 30, 100])
    world.respond = { [unowned self] world, ticket in answer(ticket, in: world) }
  }

  static let credentials = [
    TestCredential.loaded("one", of: apps[0], topics: ["t.one"]),
    TestCredential.loaded("two", of: apps[0], topics: ["t.two"]),
    TestCredential.loaded("any", of: apps[1]),
  ]

  private static func configuration(_ dice: inout SeededRandom) -> DispatcherConfiguration {
    var configuration = DispatcherConfiguration()
    configuration.openDeliveries = dice.pick([2, 12, 64, 1_000])
    configuration.heldRows = dice.pick([40, 200, 5_000])
    configuration.heldRowsPerStrand = dice.pick([16, 100])
    configuration.listRows = dice.pick([4, 50])
    configuration.handOutRows = dice.pick([3, 40])
    configuration.recordRows = dice.pick([1, 20])
    configuration.deliveriesAheadOfDevice = dice.pick([1, 3, 8])
    configuration.freshness = dice.pick([.milliseconds(100), .seconds(1)])
    configuration.requestDeadline = .seconds(1)
    configuration.requestGrace = .milliseconds(500)
    configuration.lease = .seconds(3)
    configuration.renewInterval = .milliseconds(600)
    configuration.idleLane = .seconds(5)
    configuration.pollInterval = .milliseconds(500)
    configuration.credentialsInterval = .seconds(1)
    configuration.expiryInterval = .seconds(5)
    configuration.countInterval = .seconds(5)
    configuration.tick = .milliseconds(50)
    configuration.retries.first = .milliseconds(200)
    configuration.retries.longest = .seconds(5)
    configuration.circuits.firstHostPause = .milliseconds(500)
    configuration.circuits.longestHostPause = .seconds(3)
    configuration.circuits.firstCredentialPause = .seconds(1)
    configuration.circuits.longestCredentialPause = .seconds(4)
    configuration.circuits.probePatience = .seconds(2)
    return configuration
  }

  // MARK: The course of it

  func run() {
    for _ in 0..<2 { world.startDispatcher() }
    repeating(every: 40...400) { $0.addMessages() }
    if !isCalm {
      repeating(every: 100...1_500) { $0.disturbDelivery() }
      repeating(every: 1_000...9_000) { $0.disturbProvider() }
      repeating(every: 2_000...12_000) { $0.disturbDispatcher() }
    }
    world.run(for: Self.traffic)
    pacify()
    _ = world.run(atMost: .seconds(240)) { world in
      world.database.due.values.allSatisfy(\.isEmpty)
        && world.members.values.allSatisfy { $0.board.gates.budget.open == 0 }
    }
    // What was called off and lost with its dispatcher is recorded when its app sends again.
    for app in Self.apps { deliveries.append(world.push(to: "user-1", of: app)) }
    world.run(for: .seconds(10))
    for (id, member) in world.members where member.stoppedAt == nil { world.stop(id) }
    _ = world.run(atMost: .seconds(30)) { $0.members.isEmpty }
  }

  private func repeating(every milliseconds: ClosedRange<Int>, _ body: @escaping (Chaos) -> Void) {
    let pause = Duration.milliseconds(Int.random(in: milliseconds, using: &world.random))
    guard world.now + pause < World.start + Self.traffic else { return }
    world.after(pause) { [unowned self] _ in
      body(self)
      repeating(every: milliseconds, body)
    }
  }

  private func pacify() {
    world.faults = Faults()
    world.database.credentials = Self.credentials
    badUntil = [:]
    world.respond = { _, _ in .accepted() }
    if world.members.values.allSatisfy({ $0.stoppedAt != nil }) { world.startDispatcher() }
  }

  private func addMessages() {
    let app = world.random.pick(Self.apps)
    let user = "user-\(Int.random(in: 0..<9, using: &world.random))"
    for _ in 0..<world.random.pick([1, 1, 2, 5, 25]) {
      let to =
        world.random.chance(60) ? user : "user-\(Int.random(in: 0..<9, using: &world.random))"
      let device = world.random.pick(["phone", "tablet"])
      let name = SimDatabase.DeviceName(
        app: app,
        device: DeviceKey(user: UserID(unchecked: to), device: DeviceID(unchecked: device)))
      if world.database.devices[name] == nil {
        let topic = world.random.pick(["t.one", "t.two"])
        world.register(
          to, device, of: app, topic: to == "user-0" && device == "tablet" ? Self.orphan : topic,
          environment: world.random.pick([.production, .sandbox]))
      }
      let lifetime = isCalm ? 120 : world.random.pick([3, 60, 120])
      let id = world.push(
        to: to, device, of: app, expiresAfter: .seconds(lifetime), notifies: false)
      deliveries.append(id)
      if app == Self.apps[1] || world.database.devices[name]?.topic != Self.orphan {
        sendable.append(id)
      }
    }
    world.notify(app)
  }
}
