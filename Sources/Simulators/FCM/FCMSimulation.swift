import PushCore
import Synchronization

/// Firebase Cloud Messaging, HTTP v1, with Google's token endpoint beside it.
///
/// ```
/// POST /token                              a session for a service account's signed assertion
/// POST /v1/projects/{id}/messages:send     one message
/// ```
/// What it does not have: topics' subscribers, phones that are offline, collapsing.
/// Source: Google, "FCM HTTP v1 API" and "Using OAuth 2.0 for Server to Server Applications".
public final class FCMSimulation: ProviderSimulation {
  /// Numbers that a project may have its own of.
  public struct Settings: Sendable, Equatable {
    /// Messages of a project in a minute, which starts with its first one.
    public var projectPerMinute = 600_000
    public var devicePerMinute = 240
    public var devicePerHour = 5_000
    /// How long a session lives, and is said to live.
    public var sessionSeconds = 3_599

    public init() {}
  }

  private struct State {
    var accounts: [String: FCMSimulatedAccount] = [:]
    var settings: Settings
  }

  private static let sendStart = "/v1/projects/"
  private static let sendEnd = "/messages:send"

  private let state: Mutex<State>
  private let meter = FCMMeter()
  private let answered = Atomic<Int>(0)

  public init(accounts: [FCMSimulatedAccount] = [], settings: Settings = Settings()) {
    state = Mutex(State(settings: settings))
    for account in accounts { register(account) }
  }

  /// Adds a service account; one of the same address gives way to it.
  public func register(_ account: FCMSimulatedAccount) {
    state.withLock { $0.accounts[account.email] = account }
  }

  /// Every session of the account ends with it.
  public func removeAccounts() { state.withLock { $0.accounts = [:] } }

  public var accounts: [FCMSimulatedAccount] {
    state.withLock { $0.accounts.values.sorted { $0.email < $1.email } }
  }

  public var settings: Settings {
    get { state.withLock { $0.settings } }
    set { state.withLock { $0.settings = newValue } }
  }

  func account(_ email: String) -> FCMSimulatedAccount? {
    state.withLock { $0.accounts[email] }
  }

  public func answer(
    _ request: SimulatedRequest, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    switch (request.method, request.path) {
    case ("POST", "/token"), ("POST", "/oauth2/v4/token"):
      FCMTokenEndpoint.answer(request, self, world)
    case ("POST", let path) where path.hasPrefix(Self.sendStart) && path.hasSuffix(Self.sendEnd):
      send(
        request, to: path.dropFirst(Self.sendStart.count).dropLast(Self.sendEnd.count),
        in: world)
    default:
      .text(
        "<!DOCTYPE html>\n<title>Error 404 (Not Found)!!1</title>\n", status: 404,
        contentType: "text/html; charset=UTF-8")
    }
  }

  // MARK: One message

  private func send(
    _ request: SimulatedRequest, to project: Substring, in world: SimulatedWorld
  ) -> SimulatedAnswer {
    do throws(FCMRefusal) {
      let account = try account(of: request, in: world)
      guard project == account.projectID else { throw FCMRefusal.permissionDenied }
      let settings = settings
      if let wait = meter.takeMessage(
        of: account.projectID, limit: settings.projectPerMinute, at: world.now)
      {
        throw FCMRefusal.quotaExceeded(retryAfter: wait)
      }
      let message = try FCMSentMessage(request.body)
      let id = nextID(project)
      let refusal = refusal(of: message, settings, world)
      if !message.isOnlyChecked {
        world.record(
          SimulatedPush(
            token: message.target, id: id, payload: request.body, note: message.note,
            isAccepted: refusal == nil, connection: request.connection))
      }
      if let refusal { throw refusal }
      return SimulatedAnswer(
        status: 200, headers: [("content-type", "application/json; charset=UTF-8")],
        body: Array("{\"name\":\"\(id)\"}".utf8))
    } catch {
      return error.answer
    }
  }

  private func account(
    of request: SimulatedRequest, in world: SimulatedWorld
  ) throws(FCMRefusal) -> FCMSimulatedAccount {
    guard let token = request.bearer, case .live(let email)? = world.session(token),
      let account = account(email)
    else { throw .unauthenticated }
    return account
  }

  private func refusal(
    of message: FCMSentMessage, _ settings: Settings, _ world: SimulatedWorld
  ) -> FCMRefusal? {
    if message.isForOneDevice, !FCMSentMessage.isToken(message.target) {
      return .malformedToken
    }
    if let refusal = world.fate(of: message.target).flatMap(FCMRefusal.init(fate:)) {
      return refusal
    }
    guard message.isForOneDevice, !message.isOnlyChecked else { return nil }
    return meter.takePush(to: message.target, settings, at: world.now)
      ? nil : .quotaExceeded(retryAfter: nil)
  }

  /// `projects/shop/messages/0:1a2b%fcm`
  private func nextID(_ project: Substring) -> String {
    let number = answered.add(1, ordering: .relaxed).newValue
    return "projects/\(project)/messages/0:\(String(number, radix: 16))%fcm"
  }
}
