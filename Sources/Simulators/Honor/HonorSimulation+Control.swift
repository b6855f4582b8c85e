import NIOHTTP1
import PushCore

extension HonorSimulation {
  public static var controlEndpoints: KeyValuePairs<String, String> {
    [
      "POST /apps":
        "one or an array: {app_id, client_id, client_secret, receipt_url?, requests_per_second?, "
        + "says_partly?}",
      "POST /reports": ReportingHabits.controlMeaning,
      "POST /reports/flush": ReportingHabits.flushMeaning,
    ]
  }

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      guard request.method == .POST, request.path == "/apps" else {
        return try reports.control(request, in: world)
      }
      for fields in try ControlInput.objects(request.body) { register(try HonorApp.read(fields)) }
      return .json([:])
    } catch {
      return .problem(error.description)
    }
  }
}
