import NIOHTTP1
import PushCore
import Synchronization

extension HuaweiSimulation {
  public static var controlEndpoints: KeyValuePairs<String, String> {
    [
      "POST /apps":
        "one or an array: {client_id, client_secret, project_id?, receipt_url?, "
        + "receipt_urls? by their ids, requests_per_second?}",
      "POST /accounts":
        "the JSON file of a service account's key, or an array; public_key may replace private_key",
      "POST /reports": ReportingHabits.controlMeaning,
      "POST /reports/flush": ReportingHabits.flushMeaning,
    ]
  }

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      switch (request.method, request.path) {
      case (.POST, "/apps"):
        for fields in try ControlInput.objects(request.body) {
          register(try HuaweiApp.read(fields))
        }
        return .json([:])
      case (.POST, "/accounts"):
        var accounts: [HuaweiSimulatedAccount] = []
        for fields in try ControlInput.objects(request.body) {
          accounts.append(try HuaweiSimulatedAccount(file: .object(fields.members)))
        }
        return registered(accounts)
      default: return try reports.control(request, in: world)
      }
    } catch {
      return .problem(error.description)
    }
  }

  /// An answer that comes when the accounts are known.
  private func registered(_ accounts: [HuaweiSimulatedAccount]) -> ControlAnswer {
    let left = Mutex([accounts])
    return .lines {
      guard let accounts = left.withLock({ $0.popLast() }) else { return nil }
      for account in accounts { await self.register(account) }
      return Array("{}\n".utf8)
    }
  }
}
