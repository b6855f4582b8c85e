import Foundation
public import PushCore
import Synchronization

/// The push services of browsers, and the browsers behind them.
///
/// ```
/// POST /{dialect}/{id}          a push for one subscription
/// POST /moved/{dialect}/{id}    the same, where the fate `301` leads to
/// ```
/// It is stricter than the services: what the browser could not decrypt is refused. What it does
/// not have: receipts, and messages that are taken back.
public final class WebPushSimulation: ProviderSimulation {
  public static let name = "webpush"

  public static let fates: KeyValuePairs<String, String> = [
    "a status, such as 404, 413 or 503": "refused with it, in the subscription's dialect",
    "a status and seconds, such as 429:30": "the same, with retry-after",
    "a status and a code, such as 400 VapidPkHashMismatch or 401 109":
      "the same, with this reason, errno or x-wns-status",
    "301, 307, 308": "the endpoint moved: under /moved/ it is there",
    "dead": "as 410",
  ]

  static let maxSubscriptions = 1_000_000
  private static let idBytes = 24
  private static let moved = "/moved"

  private let subscriptions = Mutex<[String: SimulatedSubscription]>([:])
  private let answered = Atomic<Int>(0)

  public init() {}

  // MARK: Browsers

  /// Lets a browser subscribe.
  ///
  /// - Parameters:
  ///   - origin: Where the simulator is, such as `https://localhost:8443`.
  ///   - applicationServerKey: The key that alone may push, 65 bytes in base64url; nil: anybody.
  /// - Returns: The subscription as the browser hands it to its app; nil for what is no key, or
  ///   where there are 1,000,000 already.
  public func subscribe(
    _ dialect: WebPushDialect = .fcm, at origin: String, applicationServerKey: String? = nil
  ) -> JSON? {
    let key = applicationServerKey.map { WebPushText.decode($0) ?? Data() }
    guard key.map({ $0.count == 65 && $0.first == 4 }) ?? true else { return nil }
    let id = WebPushText.encode((0..<Self.idBytes).map { _ in UInt8.random(in: .min ... .max) })
    let subscription = SimulatedSubscription(
      dialect: dialect, origin: origin, id: id, senderKey: key)
    return subscriptions.withLock { subscriptions in
      guard subscriptions.count < Self.maxSubscriptions else { return nil }
      subscriptions[subscription.path] = subscription
      return subscription.json
    }
  }

  /// - Returns: Whether there is such an endpoint; so below.
  @discardableResult
  public func unsubscribe(_ endpoint: String) -> Bool { change(endpoint) { $0.isGone = true } }

  @discardableResult
  public func goOffline(_ endpoint: String) -> Bool { change(endpoint) { $0.isOnline = false } }

  /// What waited, and is no older than it may be, is shown.
  @discardableResult
  public func comeBack(_ endpoint: String, at now: Timestamp) -> Bool {
    change(endpoint) { $0.comeBack(at: now) }
  }

  /// What the service worker was handed, decrypted, the newest 100.
  public func shown(at endpoint: String) -> [[UInt8]] {
    subscriptions.withLock { $0[Self.path(of: endpoint)]?.shown } ?? []
  }

  var all: [SimulatedSubscription] { subscriptions.withLock { Array($0.values) } }

  /// No browser is subscribed any more.
  public func removeAll() { subscriptions.withLock { $0 = [:] } }

  private func change(
    _ endpoint: String, _ change: (inout SimulatedSubscription) -> Void
  ) -> Bool {
    let path = Self.path(of: endpoint)
    return subscriptions.withLock { subscriptions in
      guard var subscription = subscriptions.removeValue(forKey: path) else { return false }
      change(&subscription)
      subscriptions[path] = subscription
      return true
    }
  }

  /// `https://localhost:8443/fcm/3kX…` is known by `/fcm/3kX…`.
  private static func path(of endpoint: String) -> String {
    endpoint.split(separator: "/", maxSplits: 2).last.map { "/" + $0 } ?? ""
  }

  // MARK: Pushes

  public func answer(_ request: SimulatedRequest, in world: SimulatedWorld) -> SimulatedAnswer {
    let hasMoved = request.path.hasPrefix(Self.moved + "/")
    let path = hasMoved ? String(request.path.dropFirst(Self.moved.count)) : request.path
    let dialect = path.split(separator: "/").first.flatMap { WebPushDialect(rawValue: String($0)) }
    guard let subscription = subscriptions.withLock({ $0[path] }) else {
      return WebPushProblem.unknown.answer(in: dialect ?? .fcm)
    }
    let id = nextID()
    var note = WebPushNote(subscription)
    let answer: SimulatedAnswer
    var isAccepted = false
    do throws(WebPushProblem) {
      let (head, text) = try read(request, subscription, &note, at: world.now)
      let fate = world.fate(of: subscription.endpoint).flatMap { WebPushFate($0) }
      isAccepted = fate?.isAccepted ?? true
      if isAccepted {
        note.arrival = take(text, head, subscription.path, at: world.now)
      } else {
        note.problem = "fate"
      }
      answer =
        fate?.answer(to: subscription, under: Self.moved)
        ?? subscription.dialect.acceptance(
          id: id, origin: subscription.origin, shortenedTo: head.isShortened ? head.ttl : nil)
    } catch {
      note.problem = error.rawValue
      answer = error.answer(in: subscription.dialect)
    }
    world.record(
      SimulatedPush(
        token: subscription.endpoint, id: id, payload: request.body, note: note.json,
        isAccepted: isAccepted, connection: request.connection))
    return answer
  }

  /// - Returns: The text as the browser decrypts it; empty where there is none.
  private func read(
    _ request: SimulatedRequest, _ subscription: SimulatedSubscription, _ note: inout WebPushNote,
    at now: Timestamp
  ) throws(WebPushProblem) -> (WebPushRequest, [UInt8]) {
    guard request.method == "POST" else { throw .methodNotAllowed }
    guard !subscription.isGone else { throw .gone }
    try checkSender(request, subscription, at: now)
    let head = try WebPushRequest(request, dialect: subscription.dialect)
    note.head = head
    guard !request.body.isEmpty else { return (head, []) }
    let text = try WebPushDecryption.decrypt(
      request.body, key: subscription.key, auth: subscription.auth)
    note.text = text
    return (head, text)
  }

  private func checkSender(
    _ request: SimulatedRequest, _ subscription: SimulatedSubscription, at now: Timestamp
  ) throws(WebPushProblem) {
    guard let header = request.header("authorization") else {
      if subscription.senderKey == nil { return }
      throw .vapidMissing
    }
    let sender = try VAPIDAuthorization(header)
    try sender.check(
      origin: subscription.origin,
      needsSubject: subscription.dialect == .apple || subscription.dialect == .mozilla, at: now)
    if let key = subscription.senderKey, key != sender.key { throw .otherKey }
  }

  private func take(
    _ text: [UInt8], _ head: WebPushRequest, _ path: String, at now: Timestamp
  ) -> SimulatedSubscription.Arrival? {
    subscriptions.withLock {
      $0[path]?.take(text, topic: head.topic, ttl: head.ttl, at: now)
    }
  }

  private func nextID() -> String {
    "0:" + String(answered.add(1, ordering: .relaxed).newValue, radix: 16)
  }
}
