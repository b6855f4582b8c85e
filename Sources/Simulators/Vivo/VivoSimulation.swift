import NIOHTTP1
import PushCore
import Synchronization

/// vivo's push service.
///
/// ```
/// POST /message/auth             a session of 24 hours for ids, time and a signature
/// POST /message/send             one recipient
/// POST /message/saveListPayload  puts a content down under a task's id
/// POST /message/pushToList       sends it to 2 to 1,000 recipients
/// ```
///
/// Receipts come for what went alone and in formal mode. Without a delay they are sent at once, and
/// with a latency of the simulator before the answer, as vivo's sometimes are.
/// Source: vivo, "Push unified API".
public final class VivoSimulation: ProviderSimulation {
  public static let name = "vivo"

  public static let fates: KeyValuePairs<String, String> = [
    "dead": "10302; in a list, status 1 of invalidUsers",
    "unknown": "result 0 and the recipient's status 1: no such regId",
    "gone": "result 0 and status 2: the app is gone or unsubscribed",
    "stranger": "result 0 and status 4: not on the test list",
    "muted": "10311; a list takes it and shows nothing",
    "ack_104": "taken, and reported with this ackType; any other number likewise",
    "silent": "taken, and never reported",
    "http_500": "the call ends with status 500 and a text",
    "a number, such as 10302": "the call ends with this code, a list's for all",
  ]

  struct AppState {
    var app: VivoApp
    var requests: SendingLimits
    var operation: SendingLimits
    var system: SendingLimits
    var lists: SendingLimits
    var auths = SendingLimits(requestsPerSecond: authsPerSecond, pushesPerDay: nil)
    var requestIDs = SeenKeys()

    init(_ app: VivoApp) {
      self.app = app
      func day(_ limit: Int?) -> SendingLimits {
        SendingLimits(requestsPerSecond: nil, pushesPerDay: limit)
      }
      requests = SendingLimits(requestsPerSecond: app.requestsPerSecond, pushesPerDay: nil)
      operation = day(app.operationPerDay)
      system = day(app.systemPerDay)
      lists = day(app.listsPerDay)
    }
  }

  struct Task {
    var appID: Int64
    var form: VivoForm
  }

  struct State {
    var apps: [Int64: AppState] = [:]
    var tasks: [String: Task] = [:]
    var lastTask = 0
  }

  static let authsPerSecond = 10
  static let sessionLifetime = Duration.seconds(24 * 3600)
  static let clockTolerance = Duration.seconds(600)
  static let maxTasks = 10_000

  let state: Mutex<State>
  let reports: ReportBook

  public init(apps: [VivoApp] = [], reporting: ReportingHabits = ReportingHabits()) {
    state = Mutex(State())
    reports = ReportBook(reporting) { reports in
      ReportBook.Call(
        contentType: "application/json",
        body: JSON.object(reports.map { JSON.Member($0.key ?? "", $0.value) }).serialized())
    }
    for app in apps { register(app) }
  }

  /// Adds an app; one with the same id is replaced.
  public func register(_ app: VivoApp) {
    state.withLock { $0.apps[app.appID] = AppState(app) }
  }

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    guard request.method == "POST" else { return .text("Not found.\n", status: 404) }
    guard request.header("content-type")?.hasPrefix("application/json") == true,
      let body = request.json, body.members != nil
    else { return .text("Bad request.\n", status: 400) }
    do {
      switch request.path {
      case "/message/auth": return try openSession(body, in: world)
      case "/message/send": return try send(body, request, in: world)
      case "/message/saveListPayload": return try saveList(body, request, in: world)
      case "/message/pushToList": return try pushToList(body, request, in: world)
      default: return .text("Not found.\n", status: 404)
      }
    } catch {
      return error.answer
    }
  }

  public static let controlEndpoints: KeyValuePairs<String, String> = [
    "POST /apps": VivoApp.controlMeaning,
    "POST /reports": ReportingHabits.controlMeaning,
    "POST /reports/flush": ReportingHabits.flushMeaning,
  ]

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      guard request.method == .POST, request.path == "/apps" else {
        return try reports.control(request, in: world)
      }
      for fields in try ControlInput.objects(request.body) { register(try VivoApp.read(fields)) }
      return .json([:])
    } catch {
      return .problem(error.description)
    }
  }
}
