import Foundation
import Postgres
import PushCore
import Simulators

extension Bench {
  private static let pageOfPushes = 10_000

  /// Everything that is due through APNs and FCM, both at once, compared with what arrived by the
  /// ids of the deliveries.
  func comparesIDs(_ site: BenchSite, _ path: String) async throws -> [BenchLine] {
    let app = AppID(unchecked: "ids")
    try await fill(app, site, path)
    let due = try await Self.dueIDs(app, site)
    let identity = DemoIdentity()
    let apns = try await Self.simulator(identity, site)
    let google = try FCMIdentity()
    let fcm = try await google.simulator(site)
    try await site.withPool { pool in
      try await Self.addCredential(identity, apns, to: app, pool, site.masterKeys)
      try await google.add(to: app, at: fcm.url, trustRoot: fcm.caCertificatePEM, site, pool)
    }
    try await Self.drain(app, site)
    let lines =
      Self.compare("APNs", due[.apns] ?? [], Self.arrivals(at: apns))
      + Self.compare("FCM", due[.fcm] ?? [], Self.arrivals(at: fcm))
    await apns.stop()
    await fcm.stop()
    return lines
  }

  /// Runs a dispatcher until nothing is due through either.
  private static func drain(_ app: AppID, _ site: BenchSite) async throws {
    try await site.withRoles {
      try $0.addDispatcher(site.masterKeys)
    } _: {
      for provider in [ProviderName.apns, .fcm] {
        while try await due(app, through: provider, site) > 0 {
          try await Task.sleep(for: .milliseconds(100))
        }
      }
    }
  }

  private static func compare(
    _ provider: String, _ due: Set<UUID>, _ arrived: [UUID?]
  ) -> [BenchLine] {
    var times: [UUID: Int] = [:]
    for case let id? in arrived { times[id, default: 0] += 1 }
    let once = due.count { times[$0] == 1 }
    return [
      BenchLine(
        what: "deliveries that arrived once by \(provider), by their ids", value: Double(once),
        unit: "of \(due.count.grouped)", goal: .atLeast(Double(due.count)), yardstick: nil),
      BenchLine(
        what: "pushes by \(provider) that are none of these", value: Double(arrived.count - once),
        unit: "pushes", goal: .below(1), yardstick: nil),
    ]
  }

  private static func dueIDs(
    _ app: AppID, _ site: BenchSite
  ) async throws -> [ProviderName: Set<UUID>] {
    try await site.withPool(1) { pool in
      var due: [ProviderName: Set<UUID>] = [:]
      for row in try await pool.query(
        "select provider, delivery_id from dispatch.due where app = $1", [app.rawValue])
      {
        guard let provider = ProviderName(rawValue: try row.get(0)) else { continue }
        due[provider, default: []].insert(try row.get(1))
      }
      return due
    }
  }

  // MARK: What arrived

  /// The id of each push that was taken; nil for one without.
  private static func arrivals(at apns: APNsSimulator) -> [UUID?] {
    var arrivals: [UUID?] = []
    var after = 0
    while true {
      let page = apns.received(after: after, limit: pageOfPushes)
      guard let last = page.pushes.last else { return arrivals }
      arrivals += page.pushes.filter(\.isAccepted).map { UUID(uuidString: $0.apnsID) }
      after = last.sequence
    }
  }

  private static func arrivals(at fcm: ProviderSimulator<FCMSimulation>) -> [UUID?] {
    var arrivals: [UUID?] = []
    var after = 0
    while true {
      let page = fcm.received(after: after, limit: pageOfPushes)
      guard let last = page.last else { return arrivals }
      arrivals += page.filter(\.isAccepted).map { push in
        push.note["delivery_id"]?.string.flatMap(UUID.init(uuidString:))
      }
      after = last.sequence
    }
  }
}
