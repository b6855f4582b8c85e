import NIOHTTP1
import PushCore
import Synchronization

/// Xiaomi's push service: the secret in a header, a form with up to 1,000 targets, answers that are
/// 200 whatever they say, and receipts.
public final class XiaomiSimulation: ProviderSimulation {
  public static let name = "xiaomi"

  public static let fates: KeyValuePairs<String, String> = [
    "dead": "no valid target: refused where no other is alive, else reported as invalid",
    "dead_later": "taken, and reported as invalid",
    "muted": "taken, and reported as switched off by the user",
    "filtered": "taken, and reported as filtered",
    "opened": "taken, and reported as delivered and clicked",
    "silent": "taken, and never reported",
    "a number, such as 66007": "the request is refused with this code",
  ]

  /// The bits of `extra.callback.type`, which are the numbers of the events, too.
  private enum Event {
    static let delivered = 1
    static let clicked = 2
    static let invalid = 16
    static let switchedOff = 32
    static let filtered = 64
  }

  private struct AppState {
    var app: XiaomiApp
    var limits: SendingLimits
    var asking = SendingLimits(requestsPerSecond: 1, pushesPerDay: nil)

    init(_ app: XiaomiApp) {
      self.app = app
      limits = SendingLimits(
        requestsPerSecond: app.requestsPerSecond, pushesPerDay: app.pushesPerDay)
    }
  }

  private struct State {
    var apps: [String: AppState] = [:]
    /// What phones were shown, by token and `jobkey`.
    var shown = SeenKeys()
  }

  private let state: Mutex<State>
  let reports: ReportBook

  public init(apps: [XiaomiApp] = [], reporting: ReportingHabits = ReportingHabits()) {
    state = Mutex(State())
    reports = ReportBook(reporting) { XiaomiSimulation.call(with: $0) }
    for app in apps { register(app) }
  }

  /// Adds an app; one with the same secret is replaced.
  public func register(_ app: XiaomiApp) {
    state.withLock { $0.apps[app.appSecret] = AppState(app) }
  }

  // MARK: Answers

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    do {
      switch (request.method, request.path) {
      case ("POST", "/v2/message/regid"), ("POST", "/v3/message/regid"):
        return try push(request, in: world)
      case ("GET", "/v1/trace/quota/get"): return try quota(request, at: world.now)
      default: return .text("Not found.\n", status: 404)
      }
    } catch {
      return error.answer
    }
  }

  /// The app whose secret the header shows: `key=<secret>`, in lower case.
  private func app(of request: SimulatedRequest) throws(XiaomiRefusal) -> XiaomiApp {
    guard let header = request.header("authorization"), header.hasPrefix("key="),
      let found = state.withLock({ $0.apps[String(header.dropFirst(4))] })
    else { throw .secret }
    return found.app
  }

  private func quota(
    _ request: SimulatedRequest, at now: Timestamp
  ) throws(XiaomiRefusal) -> SimulatedAnswer {
    let app = try app(of: request)
    let isInTime = state.withLock {
      $0.apps[app.appSecret]?.asking.takeRequest(at: now) ?? false
    }
    guard isInTime else { throw .speed }
    return .json([
      "result": "ok", "trace_id": .string(XiaomiID.trace()), "code": 0,
      "data": quota(of: app, at: now), "description": "成功",
    ])
  }

  private func quota(of app: XiaomiApp, at now: Timestamp) -> JSON {
    let sent = state.withLock { $0.apps[app.appSecret]?.limits.pushesToday(at: now) ?? 0 }
    return .object(present: [
      ("day_quota", app.pushesPerDay.map { .string(String($0)) }),
      ("day_acked", .string(String(sent))),
    ])
  }

  private func push(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(XiaomiRefusal) -> SimulatedAnswer {
    let app = try app(of: request)
    guard request.header("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true
    else { throw .wrong("content-type") }
    let isInTime = state.withLock {
      $0.apps[app.appSecret]?.limits.takeRequest(at: world.now) ?? false
    }
    guard isInTime else { throw .speed }
    let form = try XiaomiForm(request.form, of: app)
    let fates = form.targets.map { ($0, world.fate(of: $0)) }
    let id = XiaomiID.message()
    do {
      try judge(fates, app, at: world.now)
    } catch {
      record(form, id: id, request, isAccepted: false, in: world)
      throw error
    }
    record(form, id: id, request, isAccepted: true, in: world)
    report(fates, form, id: id, in: world)
    let data = JSON.object(
      [JSON.Member("id", .string(id))] + (quota(of: app, at: world.now).members ?? []))
    return .json([
      "result": "ok", "trace_id": .string(XiaomiID.trace()), "code": 0, "data": data,
      "description": "成功",
      "info": .string("Received push messages for \(form.targets.count) REGID"),
    ])
  }

  private func judge(
    _ fates: [(token: String, fate: String?)], _ app: XiaomiApp, at now: Timestamp
  ) throws(XiaomiRefusal) {
    for case (_, let fate?) in fates {
      if let code = Int(fate) { throw XiaomiRefusal(code, "Code \(code).") }
    }
    guard fates.contains(where: { $0.fate != "dead" }) else { throw .noTarget }
    let hasRoom = state.withLock {
      $0.apps[app.appSecret]?.limits.takePushes(fates.count, at: now) ?? false
    }
    guard hasRoom else { throw .day }
  }

  private func record(
    _ form: XiaomiForm, id: String, _ request: SimulatedRequest, isAccepted: Bool,
    in world: SimulatedWorld
  ) {
    for token in form.targets {
      let isShown =
        isAccepted
        && state.withLock { state in
          form["extra.jobkey"].map { state.shown.insert(token + " " + $0) } ?? true
        }
      world.record(
        SimulatedPush(
          token: token, id: id, payload: request.body, note: form.note(isShown: isShown),
          isAccepted: isAccepted, connection: request.connection))
    }
  }

  // MARK: Receipts

  private func report(
    _ fates: [(token: String, fate: String?)], _ form: XiaomiForm, id: String,
    in world: SimulatedWorld
  ) {
    guard let url = form["extra.callback"] else { return }
    let wanted = Int(form["extra.callback.type"] ?? "3") ?? 3
    var targets: [Int: [String]] = [:]
    for (token, fate) in fates {
      let events: [Int] =
        switch fate {
        case "dead", "dead_later": [Event.invalid]
        case "muted": [Event.switchedOff]
        case "filtered": [Event.filtered]
        case "silent": []
        case "opened": [Event.delivered, Event.clicked]
        default: [Event.delivered]
        }
      for event in events where wanted & event != 0 { targets[event, default: []].append(token) }
    }
    let milliseconds = world.now.microseconds / 1_000
    let sent = targets.sorted { $0.key < $1.key }.map { event, tokens in
      ReportBook.Report(
        url: url, key: id,
        value: .object(present: [
          ("param", form["extra.callback.param"].map(JSON.string)), ("type", .integer(event)),
          ("targets", .string(tokens.joined(separator: ","))),
          ("jobkey", form["extra.jobkey"].map(JSON.string)), ("barStatus", "Enable"),
          ("timestamp", .integer(milliseconds)),
        ]))
    }
    reports.add(sent, in: world)
  }

  /// A form whose field `data` is JSON: every message's id with what became of it.
  private static func call(with reports: [ReportBook.Report]) -> ReportBook.Call {
    let data = JSON.object(reports.map { JSON.Member($0.key ?? "", $0.value) })
    return ReportBook.Call(
      contentType: "application/x-www-form-urlencoded",
      body: Array("data=".utf8) + FormText.encoded(data.text))
  }
}

// MARK: - Control

extension XiaomiSimulation {
  public static let controlEndpoints: KeyValuePairs<String, String> = [
    "POST /apps":
      "one or an array: {app_secret, packages, channels?, private_channels?, "
      + "requests_per_second?, pushes_per_day?}",
    "POST /reports": ReportingHabits.controlMeaning,
    "POST /reports/flush": ReportingHabits.flushMeaning,
  ]

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      guard request.method == .POST, request.path == "/apps" else {
        return try reports.control(request, in: world)
      }
      for fields in try ControlInput.objects(request.body) { register(try XiaomiApp.read(fields)) }
      return .json([:])
    } catch {
      return .problem(error.description)
    }
  }
}
