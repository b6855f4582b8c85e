import PushCore
import Synchronization

/// Honor's push service with its login: up to 1,000 tokens a request, failures of some of them as
/// lists beside a code of success, receipts with numbers of its own.
///
/// ```
/// POST /auth/token                    a session for a client's id and secret
/// POST /api/v1/{app id}/sendMessage   one message to many, the time in the header `timestamp`
/// ```
/// What it does not have: quotas of marketing and tests. What a repeat would replace on a phone is
/// taken as often as it comes, as Honor does.
public final class HonorSimulation: ProviderSimulation {
  public static let name = "honor"

  public static let fates: KeyValuePairs<String, String> = [
    "dead": "listed in expireTokens; 80300007 where no other is alive",
    "failed": "listed in failTokens",
    "dead_later": "taken, and reported with status 3",
    "muted": "taken, and reported with status 5",
    "status_N": "taken, and reported with status N",
    "silent": "taken, and never reported",
    "a number, such as 80200056 or 503": "the request is refused with this code",
  ]

  struct AppState {
    var app: HonorApp
    var limits: SendingLimits

    init(_ app: HonorApp) {
      self.app = app
      limits = SendingLimits(requestsPerSecond: app.requestsPerSecond, pushesPerDay: nil)
    }
  }

  /// How long a session lives, and is said to live.
  public static let sessionSeconds = 3_600
  private static let delivered = 40_000_002
  /// How far the sender's clock may differ. The number is not known.
  private static let skew = Duration.seconds(600)

  /// By the app's id.
  let state = Mutex<[String: AppState]>([:])
  let reports: ReportBook

  public init(apps: [HonorApp] = [], reporting: ReportingHabits = ReportingHabits()) {
    reports = ReportBook(reporting) { HonorSimulation.call(with: $0) }
    for app in apps { register(app) }
  }

  /// Adds an app; one of the same id gives way to it.
  public func register(_ app: HonorApp) { state.withLock { $0[app.appID] = AppState(app) } }

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    do throws(HonorRefusal) {
      guard request.method == "POST" else { throw .notFound }
      if request.path == "/auth/token" { return login(request, in: world) }
      let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 5, parts[1] == "api", parts[2] == "v1", parts[4] == "sendMessage" else {
        throw .notFound
      }
      return try push(request, to: try app(String(parts[3]), request, in: world), in: world)
    } catch {
      return error.answer
    }
  }

  // MARK: Login

  private func login(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    let form = request.form
    guard form["grant_type"] == "client_credentials" else {
      return Self.loginRefused("unsupported_grant_type", status: 400)
    }
    let isKnown = state.withLock { apps in
      apps.values.contains {
        $0.app.clientID == form["client_id"] && $0.app.clientSecret == form["client_secret"]
      }
    }
    guard isKnown, let client = form["client_id"] else {
      return Self.loginRefused("unauthorized_client", status: 401)
    }
    return .json([
      "access_token": .string(
        world.issueSession(client, lifetime: .seconds(Self.sessionSeconds))),
      "expires_in": .integer(Self.sessionSeconds), "token_type": "Bearer",
    ])
  }

  private static func loginRefused(_ error: String, status: Int) -> SimulatedAnswer {
    .json(["error": .string(error), "error_description": "Refused"], status: status)
  }

  /// The app of a request whose session and clock are right.
  private func app(
    _ id: String, _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(HonorRefusal) -> HonorApp {
    guard let bearer = request.bearer, case .live(let client)? = world.session(bearer) else {
      throw .noSession
    }
    guard let text = request.header("timestamp"), let milliseconds = Int64(text),
      (0...253_402_300_799_999).contains(milliseconds)
    else { throw .noTime }
    let sentAt = Timestamp(microseconds: milliseconds * 1_000)
    guard world.now - sentAt <= Self.skew, sentAt - world.now <= Self.skew else { throw .badTime }
    guard let app = state.withLock({ $0[id]?.app }) else { throw .unknownApp }
    guard app.clientID == client else { throw .otherClient }
    return app
  }

  // MARK: One request

  private func push(
    _ request: SimulatedRequest, to app: HonorApp, in world: SimulatedWorld
  ) throws(HonorRefusal) -> SimulatedAnswer {
    let isInTime = state.withLock { $0[app.appID]?.limits.takeRequest(at: world.now) ?? false }
    guard isInTime else { throw .tooFast }
    let message = try HonorSentMessage(request.body)
    let fates = message.tokens.map { ($0, world.fate(of: $0)) }
    let refusal = fates.lazy.compactMap { $1.flatMap { Int($0) } }.first.map { HonorRefusal($0) }
    let expired = fates.filter { $0.1 == "dead" }.map { JSON.string($0.0) }
    let failed = fates.filter { $0.1 == "failed" }.map { JSON.string($0.0) }
    let id = Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255) })
    for (token, fate) in fates {
      world.record(
        SimulatedPush(
          token: token, id: id, payload: request.body, note: message.note,
          isAccepted: refusal == nil && fate != "dead" && fate != "failed",
          connection: request.connection))
    }
    if let refusal { throw refusal }
    report(message, fates, of: app, id: id, in: world)
    let code =
      switch expired.count + failed.count {
      case 0: 200
      case expired.count where expired.count == fates.count: 80_300_007
      default: app.saysPartly ? 80_100_000 : 200
      }
    return .json([
      "code": .integer(code), "message": code == 200 ? "success" : "Some tokens failed.",
      "data": [
        "sendResult": .bool(expired.count + failed.count < fates.count),
        "requestId": .string(id), "failTokens": .array(failed), "expireTokens": .array(expired),
      ],
    ])
  }

  // MARK: Receipts

  private func report(
    _ message: HonorSentMessage, _ fates: [(token: String, fate: String?)], of app: HonorApp,
    id: String, in world: SimulatedWorld
  ) {
    guard let url = app.receiptURL else { return }
    let milliseconds = world.now.microseconds / 1_000
    var sent: [ReportBook.Report] = []
    for (token, fate) in fates {
      guard let status = Self.status(of: fate) else { continue }
      sent.append(
        ReportBook.Report(
          url: url,
          value: .object(present: [
            ("biTag", message.biTag.map(JSON.string)), ("appid", .string(app.appID)),
            ("token", .string(token)), ("status", .integer(status)),
            ("timestamp", .integer(milliseconds)), ("requestId", .string(id)),
          ])))
    }
    reports.add(sent, in: world)
  }

  /// - Returns: Nil where nothing is reported.
  private static func status(of fate: String?) -> Int? {
    switch fate {
    case nil: delivered
    case "dead", "failed", "silent": nil
    case "dead_later": 3
    case "muted": 5
    case let fate?:
      fate.hasPrefix("status_") ? Int(fate.dropFirst("status_".count)) : delivered
    }
  }

  private static func call(with reports: [ReportBook.Report]) -> ReportBook.Call {
    let body: JSON = ["statuses": .array(reports.map(\.value))]
    return ReportBook.Call(contentType: "application/json", body: body.serialized())
  }
}
