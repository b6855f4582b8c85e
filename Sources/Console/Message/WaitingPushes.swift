import Postgres
import Projections
import PushCore

import struct Foundation.UUID

/// What holds pushes back that are due, so that a message's page can say it.
struct WaitingPushes: Sendable {
  private var lacks: [UUID: String] = [:]
  /// Providers of which a circuit is open.
  private var open: Set<String> = []

  /// - Parameter recipients: What is due to them is looked at.
  static func read(
    _ pool: PostgresPool, of app: AppID, _ recipients: [ExplainedRecipient]
  ) async throws -> WaitingPushes {
    var ids: [UUID] = []
    var places: (providers: [String], users: [String], devices: [String]) = ([], [], [])
    for recipient in recipients {
      for decision in recipient.decisions where decision.status == .due {
        guard let delivery = decision.delivery, let provider = delivery.provider,
          let device = decision.device
        else { continue }
        ids.append(delivery.id)
        places.providers.append(provider.rawValue)
        places.users.append(recipient.user.rawValue)
        places.devices.append(device.rawValue)
      }
    }
    var waiting = WaitingPushes()
    guard !ids.isEmpty else { return waiting }
    var values: PostgresParameters = [app.rawValue]
    for texts in [places.providers, places.users, places.devices] { values.add(array: texts) }
    let routes = PostgresCall(Self.routes, values)
    let circuits = PostgresCall(
      """
      select distinct provider from pushledger.circuits
      where (app is null or app = $1) and state = 'open' order by provider limit 100
      """, [app.rawValue])
    let results = try await pool.withConnection { connection in
      try await connection.pipeline([routes, circuits])
    }
    for row in results[0] {
      guard let lack = try row.optional(1, as: String.self) else { continue }
      for place in try row.array(0, of: Int64.self) { waiting.lacks[ids[Int(place) - 1]] = lack }
    }
    waiting.open = Set(try results[1].map { row throws(PostgresError) in try row.get(0) })
    return waiting
  }

  /// What the ways of some devices lack, each question asked once.
  private static let routes = """
    select array_agg(w.place),
      dispatch.route_lacks($1, w.provider, v.topic, v.environment, v.credential_id)
    from unnest($2::text[], $3::text[], $4::text[]) with ordinality
      as w (provider, user_id, device_id, place)
    left join lateral (
      select d.topic, d.environment, d.credential_id from pushledger.devices d
      where d.app = $1 and d.user_id = w.user_id and d.device_id = w.device_id
        and d.provider = w.provider
      union all
      select f.topic, f.environment, f.credential_id from pushledger.fallbacks f
      where f.app = $1 and f.user_id = w.user_id and f.device_id = w.device_id
        and f.provider = w.provider
      limit 1) v on true
    group by w.provider, v.topic, v.environment, v.credential_id
    """

  /// - Returns: Nil where nothing that is known holds it back.
  func sentence(of delivery: ExplainedDelivery) -> String? {
    guard let provider = delivery.provider?.rawValue else { return nil }
    return switch lacks[delivery.id] {
    case "paused":
      "Pushes by \(provider) are paused: it goes out once somebody lets them go on, under Operate."
    case "waits_for_device": "The device comes for it on its stream."
    case "no_credential":
      "The app has no credential for \(provider): it goes out once one is added."
    case let lack?: "By \(provider): \(lack.replacing("_", with: " "))."
    case nil where open.contains(provider):
      "A circuit of \(provider) is open: what goes there is tried again by itself."
    case nil: nil
    }
  }
}
