import Crypto
import NIOHTTP1
import PushCore
import Synchronization

/// Meizu's push service: a signed form with up to 1,000 recipients, answers that are 200 whatever
/// they say, and receipts that come once or never.
///
/// Source: Meizu, "PushAPI".
public final class MeizuSimulation: ProviderSimulation {
  public static let name = "meizu"

  public static let fates: KeyValuePairs<String, String> = [
    "dead": "110003 in value: the pushId is none",
    "muted": "110002 in value: unsubscribed or switched off",
    "a number, such as 520": "in value, where it is a recipient's: 110002, 110003, 110005, 201, "
      + "501, 513, 519, 520; any other ends the request for all",
    "clicked": "taken, and reported as delivered and clicked",
    "silent": "taken, and never reported",
    "http_500": "the request ends with status 500 and a text",
  ]

  /// The numbers of the events, which are the bits of `callback.type`, too.
  private enum Event {
    static let delivered = 1
    static let clicked = 2
  }

  private struct AppState {
    var app: MeizuApp
    var limits: SendingLimits

    init(_ app: MeizuApp) {
      self.app = app
      limits = SendingLimits(requestsPerSecond: app.requestsPerSecond, pushesPerDay: nil)
    }
  }

  private struct State {
    var apps: [Int64: AppState] = [:]
    var lastMessage = 0
  }

  private static let path = "/garcia/api/server/push/varnished/pushByPushId"
  private static let maxRecipients = 1_000
  private static let recipientCodes: Set<Int> = [
    110_002, 110_003, 110_005, 201, 501, 513, 519, 520,
  ]

  private let state: Mutex<State>
  private let reports: ReportBook

  public init(apps: [MeizuApp] = [], reporting: ReportingHabits = ReportingHabits()) {
    state = Mutex(State())
    reports = ReportBook(reporting) { MeizuSimulation.call(with: $0) }
    for app in apps { register(app) }
  }

  /// Adds an app; one with the same id is replaced.
  public func register(_ app: MeizuApp) {
    state.withLock { $0.apps[app.appID] = AppState(app) }
  }

  // MARK: Answers

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    guard request.method == "POST", request.path == Self.path else {
      return .text("Not found.\n", status: 404)
    }
    do {
      return try push(request, in: world)
    } catch {
      return error.answer
    }
  }

  private func push(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(MeizuRefusal) -> SimulatedAnswer {
    let fields = request.form
    try check(fields, at: world.now)
    let tokens = (fields["pushIds"] ?? "").split(separator: ",").map { String($0) }
    guard !tokens.isEmpty, let text = fields["messageJson"], !text.isEmpty else { throw .empty }
    guard tokens.count <= Self.maxRecipients else { throw .wrong("pushIds") }
    let form = try MeizuMessageForm(text)
    let fates = tokens.map { ($0, world.fate(of: $0)) }
    let id = nextMessage()
    var bad: [Int: [String]] = [:]
    var isTaken = false
    defer {
      let refused = Set(bad.values.joined())
      for token in tokens {
        world.record(
          SimulatedPush(
            token: token, id: id, payload: form.json.serialized(), note: form.note,
            isAccepted: isTaken && !refused.contains(token), connection: request.connection))
      }
    }
    for (token, fate) in fates {
      if fate == "http_500" { return Self.fault }
      guard let code = Self.code(of: fate) else { continue }
      guard Self.recipientCodes.contains(code) else { throw MeizuRefusal(code, "code \(code)") }
      bad[code, default: []].append(token)
    }
    isTaken = true
    let refused = Set(bad.values.joined())
    report(fates.filter { !refused.contains($0.0) }, form, id: id, in: world)
    let value = bad.sorted { $0.key < $1.key }.map { code, tokens in
      JSON.Member(String(code), .array(tokens.map { .string($0) }))
    }
    return .json([
      "code": "200", "message": "", "value": .object(value), "msgId": .string(id),
      "redirect": "",
    ])
  }

  private func check(_ fields: [String: String], at now: Timestamp) throws(MeizuRefusal) {
    guard let appID = fields["appId"].flatMap({ Int64($0) }),
      let app = state.withLock({ $0.apps[appID]?.app })
    else { throw .appUnknown }
    let signed = fields.filter { $0.key != "sign" }.sorted { $0.key < $1.key }
    let text = signed.map { $0.key + "=" + $0.value }.joined() + app.appSecret
    guard fields["sign"] == Hex.encode(Insecure.MD5.hash(data: Array(text.utf8))) else {
      throw .sign
    }
    guard !app.isBanned else { throw .appBanned }
    let isInTime = state.withLock { $0.apps[appID]?.limits.takeRequest(at: now) ?? false }
    guard isInTime else { throw .tooFast }
  }

  private static func code(of fate: String?) -> Int? {
    switch fate {
    case "dead": 110_003
    case "muted": 110_002
    default: fate.flatMap { Int($0) }
    }
  }

  private static var fault: SimulatedAnswer {
    .text("<html><body>Bad Gateway</body></html>", status: 500, contentType: "text/html")
  }

  private func nextMessage() -> String {
    state.withLock { state in
      state.lastMessage += 1
      return "NS\(state.lastMessage)"
    }
  }

  // MARK: Receipts

  private func report(
    _ fates: [(token: String, fate: String?)], _ form: MeizuMessageForm, id: String,
    in world: SimulatedWorld
  ) {
    guard let url = form.callback else { return }
    var targets: [Int: [String]] = [:]
    for (token, fate) in fates where fate != "silent" {
      let events = fate == "clicked" ? [Event.delivered, Event.clicked] : [Event.delivered]
      for event in events where form.wantedReceipts & event != 0 {
        targets[event, default: []].append(token)
      }
    }
    let sent = targets.sorted { $0.key < $1.key }.map { event, tokens in
      ReportBook.Report(
        url: url, key: "\(id)-\(event)",
        value: .object(present: [
          ("param", form.parameter.map { .string($0) }), ("type", .integer(event)),
          ("targets", .array(tokens.map { .string($0) })),
        ]))
    }
    reports.add(sent, in: world)
  }

  /// A form: `cb` is JSON, every message's id and event with what became of it.
  private static func call(with reports: [ReportBook.Report]) -> ReportBook.Call {
    let cb = JSON.object(reports.map { JSON.Member($0.key ?? "", $0.value) })
    return ReportBook.Call(
      contentType: "application/x-www-form-urlencoded",
      body: Array("access_token=simulated&cb=".utf8) + FormText.encoded(cb.text))
  }
}

// MARK: - Control

extension MeizuSimulation {
  public static let controlEndpoints: KeyValuePairs<String, String> = [
    "POST /apps": MeizuApp.controlMeaning,
    "POST /reports": ReportingHabits.controlMeaning,
    "POST /reports/flush": ReportingHabits.flushMeaning,
  ]

  public func control(_ request: ControlRequest, in world: SimulatedWorld) -> ControlAnswer? {
    do {
      guard request.method == .POST, request.path == "/apps" else {
        return try reports.control(request, in: world)
      }
      for fields in try ControlInput.objects(request.body) { register(try MeizuApp.read(fields)) }
      return .json([:])
    } catch {
      return .problem(error.description)
    }
  }
}
