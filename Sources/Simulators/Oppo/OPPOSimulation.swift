import Crypto
import NIOHTTP1
import PushCore
import Synchronization

/// OPPO's push service: a signed call for a token that holds a day, forms that hold JSON, a message
/// id that is pushed once, answers that are 200 whatever they say, and receipts.
public final class OPPOSimulation: ProviderSimulation {
  public static let name = "oppo"

  public static let fates: KeyValuePairs<String, String> = [
    "dead": "taken, as OPPO does not say, and reported as regid_invalid",
    "dead_later": "the same",
    "muted": "taken, and reported as user_daily_limit",
    "silent": "taken, and never reported",
    "a number, such as 10000": "refused with this code",
  ]

  static let sessionLife = Duration.seconds(24 * 3600)
  static let clockDifference = Duration.seconds(600)
  static let maxMessages = 1_000

  private struct AppState {
    var app: OPPOApp
    var limits: SendingLimits
    /// `app_message_id`s.
    var seen = SeenKeys()

    init(_ app: OPPOApp) {
      self.app = app
      limits = SendingLimits(
        requestsPerSecond: app.requestsPerSecond, pushesPerDay: app.pushesPerDay)
    }
  }

  private let state = Mutex<[String: AppState]>([:])
  private let reports: ReportBook

  public init(apps: [OPPOApp] = [], reporting: ReportingHabits = ReportingHabits()) {
    reports = ReportBook(reporting) { reports in
      ReportBook.Call(
        contentType: "application/json", body: JSON.array(reports.map(\.value)).serialized())
    }
    for app in apps { register(app) }
  }

  /// Adds an app; one with the same key is replaced.
  public func register(_ app: OPPOApp) { state.withLock { $0[app.appKey] = AppState(app) } }

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    do {
      switch (request.method, request.path) {
      case ("POST", "/server/v1/auth"): return try session(request.form, in: world)
      case ("POST", "/server/v1/message/notification/unicast"):
        return try unicast(request, in: world)
      case ("POST", "/server/v1/message/notification/unicast_batch"):
        return try batch(request, in: world)
      default: return .text("Not found.\n", status: 404)
      }
    } catch {
      return error.answer
    }
  }

  // MARK: Sessions

  private func session(
    _ form: [String: String], in world: SimulatedWorld
  ) throws(OPPORefusal) -> SimulatedAnswer {
    guard let key = form["app_key"], !key.isEmpty else { throw .keyMissing }
    guard let app = state.withLock({ $0[key]?.app }) else { throw .keyUnknown }
    guard let timestamp = form["timestamp"], !timestamp.isEmpty else { throw .timestampMissing }
    guard let sign = form["sign"], !sign.isEmpty else { throw .signatureMissing }
    guard let milliseconds = Int64(timestamp), (0...253_402_300_799_999).contains(milliseconds)
    else { throw .timestampWrong }
    let difference = world.now - Timestamp(microseconds: milliseconds * 1_000)
    guard difference <= Self.clockDifference, difference >= .zero - Self.clockDifference else {
      throw .timestampWrong
    }
    let signed = SHA256.hash(data: Array((key + timestamp + app.masterSecret).utf8))
    guard sign == Hex.encode(signed) else { throw .signatureWrong }
    let token = world.issueSession(key, lifetime: Self.sessionLife)
    return .json([
      "code": 0, "message": "",
      "data": [
        "auth_token": .string(token), "create_time": .integer(world.now.microseconds / 1_000),
      ],
    ])
  }

  /// The app whose session's token a request shows.
  private func app(
    _ request: SimulatedRequest, _ form: [String: String], in world: SimulatedWorld
  ) throws(OPPORefusal) -> OPPOApp {
    guard let token = form["auth_token"] ?? request.header("auth_token"), !token.isEmpty else {
      throw .sessionMissing
    }
    guard case .live(let key)? = world.session(token),
      let app = state.withLock({ $0[key]?.app })
    else { throw .sessionUnknown }
    let isInTime = state.withLock { $0[key]?.limits.takeRequest(at: world.now) ?? false }
    guard isInTime else { throw .speed }
    return app
  }

  // MARK: Messages

  private func unicast(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(OPPORefusal) -> SimulatedAnswer {
    let form = request.form
    let app = try app(request, form, in: world)
    guard let text = form["message"] else { throw .missing("message") }
    guard let json = try? JSON.parse(text) else { throw .illegal("message") }
    let message = try OPPOSimulatedMessage(json)
    let fate = world.fate(of: message.token)
    let id = Self.messageID(of: app)
    let refusal = judge(message, fate, app, at: world.now)
    record(message, id: id, request, isAccepted: refusal == nil, in: world)
    if let refusal { throw refusal }
    reports.add(report([(message, fate, id)], app, at: world.now), in: world)
    return .json(["code": 0, "message": "", "data": ["messageId": .string(id)]])
  }

  private func batch(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(OPPORefusal) -> SimulatedAnswer {
    let form = request.form
    let app = try app(request, form, in: world)
    guard let text = form["messages"] else { throw .missing("messages") }
    guard let array = (try? JSON.parse(text))?.array, !array.isEmpty,
      array.count <= Self.maxMessages
    else { throw .illegal("messages") }
    var messages: [OPPOSimulatedMessage] = []
    for json in array { messages.append(try OPPOSimulatedMessage(json)) }
    let fates = messages.map { world.fate(of: $0.token) }
    for fate in fates {
      if let refusal = Self.refusal(fate), refusal.concernsRequest { throw refusal }
    }
    var rows: [JSON] = []
    var taken: [(OPPOSimulatedMessage, String?, String)] = []
    for (message, fate) in zip(messages, fates) {
      let id = Self.messageID(of: app)
      let refusal = judge(message, fate, app, at: world.now)
      record(message, id: id, request, isAccepted: refusal == nil, in: world)
      if refusal == nil { taken.append((message, fate, id)) }
      rows.append(
        .object(present: [
          ("messageId", refusal == nil ? JSON.string(id) : JSON?.none),
          ("registrationId", .string(message.token)),
          ("errorCode", refusal.map { .integer($0.code) }),
          ("errorMessage", refusal.map { .string($0.message) }),
        ]))
    }
    reports.add(report(taken, app, at: world.now), in: world)
    return .json(["code": 0, "message": "", "data": .array(rows)])
  }

  private static func refusal(_ fate: String?) -> OPPORefusal? {
    fate.flatMap { Int($0) }.map { OPPORefusal($0, "Code \($0)") }
  }

  /// - Returns: Nil where the message is taken, which then counts.
  private func judge(
    _ message: OPPOSimulatedMessage, _ fate: String?, _ app: OPPOApp, at now: Timestamp
  ) -> OPPORefusal? {
    do {
      try message.check(of: app)
    } catch {
      return error
    }
    if let refusal = Self.refusal(fate) { return refusal }
    let id = message["app_message_id"]
    return state.withLock { state in
      if let id, state[app.appKey]?.seen.contains(id) == true { return .repeated }
      let hasRoom =
        message.isPrivate(in: app)
        || state[app.appKey]?.limits.takePushes(1, at: now) == true
      guard hasRoom else { return .day }
      if let id { state[app.appKey]?.seen.insert(id) }
      return nil
    }
  }

  private func record(
    _ message: OPPOSimulatedMessage, id: String, _ request: SimulatedRequest, isAccepted: Bool,
    in world: SimulatedWorld
  ) {
    world.record(
      SimulatedPush(
        token: message.token, id: id, payload: message.body.serialized(), note: message.note,
        isAccepted: isAccepted, connection: request.connection))
  }

  private static func messageID(of app: OPPOApp) -> String {
    "\(app.appID)-1-1-" + Hex.encode((0..<12).map { _ in UInt8.random(in: 0...255) })
  }

  // MARK: Receipts

  private func report(
    _ taken: [(message: OPPOSimulatedMessage, fate: String?, id: String)], _ app: OPPOApp,
    at now: Timestamp
  ) -> [ReportBook.Report] {
    taken.compactMap { message, fate, id in
      guard let url = message["call_back_url"], fate != "silent" else { return nil }
      let type =
        switch fate {
        case "dead", "dead_later": "regid_invalid"
        case "muted": "user_daily_limit"
        default: "push_arrive"
        }
      return ReportBook.Report(
        url: url,
        value: .object(present: [
          ("messageId", .string(id)), ("appId", .string(app.appID)), ("taskId", .string(id)),
          ("registrationIds", .string(message.token)),
          ("eventTime", .string(String(now.microseconds / 1_000))),
          ("param", message["call_back_parameter"].map(JSON.string)),
          ("eventType", .string(type)),
        ]))
    }
  }
}

// MARK: - Control

extension OPPOSimulation {
  public static let controlEndpoints: KeyValuePairs<String, String> = [
    "POST /apps":
      "one or an array: {app_key, master_secret, app_id?, private_channels?, "
      + "requests_per_second?, pushes_per_day?}",
    "POST /reports": ReportingHabits.controlMeaning,
    "POST /reports/flush": ReportingHabits.flushMeaning,
  ]

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      guard request.method == .POST, request.path == "/apps" else {
        return try reports.control(request, in: world)
      }
      for fields in try ControlInput.objects(request.body) { register(try OPPOApp.read(fields)) }
      return .json([:])
    } catch {
      return .problem(error.description)
    }
  }
}
