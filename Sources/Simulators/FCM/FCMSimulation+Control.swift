import NIOHTTP1
import PushCore

extension FCMSimulation {
  public static var name: String { "fcm" }

  public static var fates: KeyValuePairs<String, String> { FCMRefusal.fates }

  public static var controlEndpoints: KeyValuePairs<String, String> {
    [
      "GET /accounts": "the service accounts that are known",
      "POST /accounts":
        "a service account's JSON file, or an array of them; public_key may replace private_key",
      "DELETE /accounts": "no account is known any more",
      "GET /settings": "quotas and the life of sessions",
      "POST /settings":
        "{project_per_minute?, device_per_minute?, device_per_hour?, session_seconds?}",
    ]
  }

  public func control(_ request: ControlRequest, in _: SimulatedWorld) -> ControlAnswer? {
    do {
      switch (request.method, request.path) {
      case (.GET, "/accounts"): break
      case (.POST, "/accounts"):
        for fields in try ControlInput.objects(request.body) {
          register(try FCMSimulatedAccount(file: .object(fields.members)))
        }
      case (.DELETE, "/accounts"): removeAccounts()
      case (.GET, "/settings"): return .json(settings.json)
      case (.POST, "/settings"):
        for fields in try ControlInput.objects(request.body) {
          settings = try settings.changed(by: fields)
        }
        return .json(settings.json)
      default: return nil
      }
    } catch {
      return .problem(error.description)
    }
    return .json([
      "accounts": .array(
        accounts.map {
          ["client_email": .string($0.email), "project_id": .string($0.projectID)]
        })
    ])
  }
}

extension FCMSimulation.Settings {
  private typealias Number = WritableKeyPath<FCMSimulation.Settings, Int>

  private static var numbers: [(String, Number)] {
    [
      ("project_per_minute", \.projectPerMinute), ("device_per_minute", \.devicePerMinute),
      ("device_per_hour", \.devicePerHour), ("session_seconds", \.sessionSeconds),
    ]
  }

  var json: JSON {
    .object(Self.numbers.map { JSON.Member($0, .integer(self[keyPath: $1])) })
  }

  func changed(by fields: Fields) throws(FieldError) -> FCMSimulation.Settings {
    try fields.refuse(otherThan: Set(Self.numbers.map(\.0)))
    var settings = self
    for (name, number) in Self.numbers {
      if let value = try fields.integer(name) { settings[keyPath: number] = Int(value) }
    }
    return settings
  }
}
