import JWTKit
import PushCore
import Synchronization

/// Huawei's Push Kit with its login: up to 1,000 tokens a request, failures of some of them as JSON
/// in a text, receipts.
///
/// ```
/// POST /oauth2/v3/token                  a session for a client's id and secret
/// POST /v1/{client id}/messages:send     one message to many
/// POST /v2/{project id}/messages:send    the same; a service account's own token is taken, too
/// ```
/// What it does not have: topics, rights to categories, signed receipts. What a repeat would
/// replace on a phone is taken as often as it comes, as Huawei does.
public final class HuaweiSimulation: ProviderSimulation {
  public static let name = "huawei"

  public static let fates: KeyValuePairs<String, String> = [
    "dead": "an illegal token: 80100000 where others are alive, else 80300007",
    "dead_later": "taken, and reported with status 2",
    "muted": "taken, and reported with status 6",
    "status_N": "taken, and reported with status N",
    "silent": "taken, and never reported",
    "eight digits, such as 80300002": "the request is refused with this code",
    "three digits, such as 503": "the request is answered with this HTTP status and HTML",
  ]

  struct AppState {
    var app: HuaweiApp
    var limits: SendingLimits
    var tests = SendingLimits(requestsPerSecond: nil, pushesPerDay: 500)
    /// The end of the five minutes that calls for sessions are counted in, and those calls.
    var loginsUntil = Timestamp(microseconds: 0)
    var logins = 0

    init(_ app: HuaweiApp) {
      self.app = app
      limits = SendingLimits(requestsPerSecond: app.requestsPerSecond, pushesPerDay: nil)
    }
  }

  struct Account {
    var account: HuaweiSimulatedAccount
    var algorithm: any JWTAlgorithm
  }

  struct State {
    /// By the client's id.
    var apps: [String: AppState] = [:]
    /// By the key's id.
    var accounts: [String: Account] = [:]
  }

  /// How long a session lives, and is said to live.
  public static let sessionSeconds = 3_600

  let state = Mutex(State())
  let reports: ReportBook

  public init(apps: [HuaweiApp] = [], reporting: ReportingHabits = ReportingHabits()) {
    reports = ReportBook(reporting) { HuaweiSimulation.call(with: $0) }
    for app in apps { register(app) }
  }

  /// Adds an app; one of the same client gives way to it.
  public func register(_ app: HuaweiApp) {
    state.withLock { $0.apps[app.clientID] = AppState(app) }
  }

  /// Adds a service account's key; one of the same id gives way to it.
  public func register(_ account: HuaweiSimulatedAccount) async {
    guard let algorithm = await account.algorithm() else { return }
    state.withLock {
      $0.accounts[account.keyID] = Account(account: account, algorithm: algorithm)
    }
  }

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    guard request.method == "POST" else { return .empty(405) }
    if request.path == "/oauth2/v3/token" { return login(request, in: world) }
    do throws(HuaweiRefusal) {
      let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 4, parts[3] == "messages:send" else {
        throw .status(404)
      }
      return try push(request, to: try app(parts[1], parts[2], request, in: world), in: world)
    } catch {
      return error.answer
    }
  }

  // MARK: One request

  private func push(
    _ request: SimulatedRequest, to app: HuaweiApp, in world: SimulatedWorld
  ) throws(HuaweiRefusal) -> SimulatedAnswer {
    let isInTime = state.withLock {
      $0.apps[app.clientID]?.limits.takeRequest(at: world.now) ?? false
    }
    guard isInTime else { throw .tooFast }
    let message = try HuaweiSentMessage(request.body)
    if message.isOnlyChecked {
      return Self.answer(code: "80000000", "Success", id: HuaweiID.request())
    }
    if message.isTest {
      let hasRoom = state.withLock {
        $0.apps[app.clientID]?.tests.takePushes(message.tokens.count, at: world.now) ?? false
      }
      guard hasRoom else { throw .tooManyTests }
    }
    let fates = message.tokens.map { ($0, world.fate(of: $0)) }
    let id = HuaweiID.request()
    do throws(HuaweiRefusal) {
      try judge(fates)
    } catch {
      record(message, fates, id: id, request, isRefused: true, in: world)
      throw error
    }
    record(message, fates, id: id, request, isRefused: false, in: world)
    report(message, fates, of: app, id: id, in: world)
    let dead = fates.filter { $0.1 == "dead" }.map(\.0)
    guard !dead.isEmpty else { return Self.answer(code: "80000000", "Success", id: id) }
    // The report is JSON within a text.
    let report: JSON = [
      "success": .integer(fates.count - dead.count), "failure": .integer(dead.count),
      "illegal_tokens": .array(dead.map { .string($0) }),
    ]
    return Self.answer(code: "80100000", report.text, id: id)
  }

  private static func answer(code: String, _ message: String, id: String) -> SimulatedAnswer {
    .json(["code": .string(code), "msg": .string(message), "requestId": .string(id)])
  }

  private func judge(_ fates: [(token: String, fate: String?)]) throws(HuaweiRefusal) {
    for case (_, let fate?) in fates where Int(fate) != nil {
      if fate.utf8.count == 3, let status = Int(fate) { throw .status(status) }
      throw HuaweiRefusal(code: fate)
    }
    if fates.allSatisfy({ $0.fate == "dead" }) { throw .allTokensInvalid }
  }

  private func record(
    _ message: HuaweiSentMessage, _ fates: [(token: String, fate: String?)], id: String,
    _ request: SimulatedRequest, isRefused: Bool, in world: SimulatedWorld
  ) {
    for (token, fate) in fates {
      world.record(
        SimulatedPush(
          token: token, id: id, payload: request.body, note: message.note,
          isAccepted: !isRefused && fate != "dead", connection: request.connection))
    }
  }

  // MARK: Receipts

  private func report(
    _ message: HuaweiSentMessage, _ fates: [(token: String, fate: String?)], of app: HuaweiApp,
    id: String, in world: SimulatedWorld
  ) {
    guard let url = message.receiptID.map({ app.receiptURLs[$0] }) ?? app.receiptURL else { return }
    let milliseconds = world.now.microseconds / 1_000
    var sent: [ReportBook.Report] = []
    for (token, fate) in fates {
      guard let status = Self.status(of: fate) else { continue }
      sent.append(
        ReportBook.Report(
          url: url,
          value: .object(present: [
            ("biTag", message.biTag.map(JSON.string)), ("appid", .string(app.clientID)),
            ("token", .string(token)), ("status", .integer(status)),
            ("timestamp", .integer(milliseconds)), ("requestId", .string(id)),
          ])))
    }
    reports.add(sent, in: world)
  }

  /// - Returns: Nil where nothing is reported.
  private static func status(of fate: String?) -> Int? {
    switch fate {
    case nil: 0
    case "dead", "silent": nil
    case "dead_later": 2
    case "muted": 6
    case let fate?: fate.hasPrefix("status_") ? Int(fate.dropFirst("status_".count)) : 0
    }
  }

  private static func call(with reports: [ReportBook.Report]) -> ReportBook.Call {
    let body: JSON = ["statuses": .array(reports.map(\.value))]
    return ReportBook.Call(contentType: "application/json", body: body.serialized())
  }
}
