import Foundation
import PushCore
import TestSupport
import Testing

/// A deployment whose processes die without a word, at moments that a seed chooses, while a chat
/// goes on: everything that was promised still holds at the end.
@Suite("Survive kills", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct SurviveKills {
  /// Set it to run one seed again.
  private static let variable = "PUSHLEDGER_TEST_SEED"
  private static let seed =
    ProcessInfo.processInfo.environment[variable].flatMap(UInt64.init)
    ?? UInt64.random(in: 0...999_999)
  private static let settings = FoldSettings(cancelsOnRead: false, cancelsOnForeground: false)

  @Test(
    "G1, G2, G6, G8 to G11 hold whoever dies, for each push by APNs and FCM",
    arguments: [SurviveKills.seed])
  func keepsItsPromises(seed: UInt64) async throws {
    try await CommandRig.run(appOptions: ["--no-cancel-on-read", "--no-cancel-on-foreground"]) {
      rig in
      let plan = KillPlan(seed: seed)
      var history = ChatHistory(seed: seed)
      let parts = try Self.parts(&history, plan.steps.count + 1)
      let arrived = Arrived()
      let apns = try await PlayedAPNs.start(rig, latency: 20, arrived)
      let watch = Task { await apns.watch() }
      let fcm = try await PlayedProvider.startFCM(rig, latency: 20)
      let androids = Task { await fcm.watch(arrived) }
      let key = try await rig.succeed(
        "keys", "create", CommandRig.app, "--quiet", "--scope", "send", "--scope", "device")
      let fleet = Fleet(rig)
      let feeder = Feeder(key: String(try #require(key.lines.first)), ports: fleet.ports)
      try await fleet.start()
      var sent = 0
      for (part, step) in zip(parts, plan.steps) {
        // The chat goes no faster than the pushes, so that each death meets work under way.
        await arrived.count.reached(sent - KillPlan.backlog)
        sent += part.pushes
        let (pushes, answers) = (arrived.count.value, feeder.answered.value)
        async let fed: Void = feeder.append(part.events)
        switch step.moment {
        case .pushes(let count): await arrived.count.reached(pushes + count)
        case .answers(let count): await feeder.answered.reached(answers + count)
        }
        await fleet.kill(step.roles)
        try await fleet.start(step.roles)
        try await fed
      }
      try await feeder.append(parts[plan.steps.count].events)
      try await settle(rig, fleet)
      let count = try await check(rig, apns, fcm, history.phones, await feeder.positions)
      for simulator in [apns.process, fcm.process] {
        let stopped = await simulator.stop()
        #expect(stopped.status == 0, "\(stopped)")
      }
      let seen = await watch.value + Set(androids.value.map(\.delivery)).count
      #expect(seen == count, "every push was waited for as it came")
    }
  }

  private struct Part {
    var events: [NewEvent] = []
    var pushes = 0
  }

  /// The history in parts, each with the pushes that a step needs; the first opens it.
  private static func parts(_ history: inout ChatHistory, _ count: Int) throws -> [Part] {
    let opening = try history.opening()
    var events = opening
    for _ in 0..<count * 150 { events.append(try history.next()) }
    let pushes = try LedgerFacts.pushes(of: events, settings)
    var parts = [Part()]
    for (event, count) in zip(events, pushes) {
      parts[parts.count - 1].events.append(event)
      parts[parts.count - 1].pushes += count
      if parts[parts.count - 1].pushes >= KillPlan.pushesPerStep { parts.append(Part()) }
    }
    try #require(parts.count > count)
    return Array(parts.prefix(count))
  }

  /// Waits until all is sent, and stops the roles one after the other: each must exit 0.
  private func settle(_ rig: CommandRig, _ fleet: Fleet) async throws {
    let lag = """
      select (select sum(lag_events)::bigint from pushledger.projection_status)
        + (select count(*) from dispatch.due)
      """
    let isDone = try await eventually(within: .seconds(90)) { try await rig.number(lag) == 0 }
    let status = try await rig.succeed("status").text
    #expect(isDone, "\(status)")
    await fleet.stop([.firstDispatcher, .secondDispatcher, .serve])
    let isFolded = try await eventually(within: .seconds(30)) { try await rig.number(lag) == 0 }
    #expect(isFolded)
    await fleet.stop([.firstProjector, .secondProjector])
    #expect(try await rig.number("select count(*) from dispatch.due") == 0)
  }

  /// - Returns: How many deliveries there were.
  private func check(
    _ rig: CommandRig, _ apns: PlayedAPNs, _ fcm: PlayedProvider,
    _ phones: [ChatHistory.Phone], _ answered: [UUID: Position]
  ) async throws -> Int {
    let facts = try await LedgerFacts(
      of: AppID(unchecked: CommandRig.app), rig.pool, Self.settings)
    let arrivals = try await apns.arrivals() + fcm.arrivals()
    #expect(Set(arrivals.map(\.provider)) == [.apns, .fcm])
    #expect(facts.deliveries.count > 2_000)
    facts.expectPositions(answered)
    facts.expectArrivals(arrivals)
    facts.expectOrder(arrivals, phones)
    facts.expectAttempts(arrivals)
    facts.expectMarkedRepeats(arrivals)
    let unknown = facts.attempts.values.joined().count { $0.outcome == .unknown }
    #expect(unknown > 0, "no death met pushes on their way")
    try await facts.expectProjection(rig.pool)
    let verified = try await rig.run("verify", "--json")
    #expect(verified.status == 0, "\(verified)")
    #expect(verified.json?.array?.first?["events"]?.integer == Int64(facts.events.count))
    return facts.deliveries.count
  }
}
