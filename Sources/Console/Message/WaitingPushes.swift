import Postgres
import PushCore

/// What holds back all that is due by a provider, so that a delivery's page can say it.
struct WaitingPushes: Sendable {
  /// A sentence, by provider; what nothing holds back has none.
  private(set) var sentences: [String: String] = [:]

  static func read(_ pool: PostgresPool, of app: AppID) async throws -> WaitingPushes {
    let results = try await pool.withConnection { connection in
      try await connection.pipeline([
        DueNow.call(of: app),
        PostgresCall(
          """
          select distinct provider from pushledger.circuits
          where (app is null or app = $1) and state = 'open' order by provider limit 100
          """, [app.rawValue]),
      ])
    }
    var waiting = WaitingPushes()
    for row in results[1] {
      let provider: String = try row.get(0)
      waiting.sentences[provider] =
        "A circuit of \(provider) is open: what goes there is tried again by itself."
    }
    for due in try DueNow.all(results[0]) {
      // What only some of them lack need not be what this one lacks.
      for lack in due.lacks where lack.due == due.due {
        waiting.sentences[due.provider] = sentence(lack.what, due.provider)
      }
    }
    return waiting
  }

  private static func sentence(_ lack: String, _ provider: String) -> String {
    switch lack {
    case "paused":
      "Pushes by \(provider) are paused: it goes out once somebody lets them go on, under Operate."
    case "waits_for_device": "The device comes for it on its stream."
    case "no_credential":
      "The app has no credential for \(provider): it goes out once one is added."
    default: "By \(provider): \(lack.replacing("_", with: " "))."
    }
  }
}
