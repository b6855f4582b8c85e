import Crypto
import PushCore
import Synchronization

extension VivoSimulation {
  func openSession(
    _ body: JSON, in world: SimulatedWorld
  ) throws(VivoRefusal) -> SimulatedAnswer {
    guard let appID = body["appId"]?.integer else { throw .appIDMissing }
    guard let app = state.withLock({ $0.apps[appID]?.app }) else { throw .appUnknown }
    let isInTime = state.withLock {
      $0.apps[appID]?.auths.takeRequest(at: world.now) ?? false
    }
    guard isInTime else { throw .tooManyAuths }
    guard let appKey = body["appKey"]?.string, !appKey.isEmpty else { throw .appKeyMissing }
    guard appKey == app.appKey else { throw .appKeyWrong }
    guard let milliseconds = body["timestamp"]?.integer else { throw .timestampMissing }
    guard let sign = body["sign"]?.string, !sign.isEmpty else { throw .signMissing }
    let text = "\(appID)\(appKey)\(milliseconds)\(app.appSecret)"
    guard sign == Hex.encode(Insecure.MD5.hash(data: Array(text.utf8))) else {
      throw .signWrong
    }
    let now = world.now.microseconds / 1_000
    let (difference, isFar) = milliseconds.subtractingReportingOverflow(now)
    let tolerance = Self.clockTolerance.wholeMicroseconds / 1_000
    guard !isFar, difference.magnitude <= UInt64(tolerance) else { throw .timestampWrong }
    let token = world.issueSession(String(appID), lifetime: Self.sessionLifetime)
    return .json(["result": 0, "desc": "请求成功", "authToken": .string(token)])
  }

  /// The app that a call is made for, where it may be made now.
  func app(
    of body: JSON, _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(VivoRefusal) -> VivoApp {
    guard case .live(let subject)? = request.header("authtoken").flatMap(world.session),
      let owner = Int64(subject), let app = state.withLock({ $0.apps[owner]?.app })
    else { throw .session }
    guard body["appId"]?.integer ?? owner == owner else { throw .sessionOfOther }
    let isInTime = state.withLock {
      $0.apps[owner]?.requests.takeRequest(at: world.now) ?? false
    }
    guard isInTime else { throw .tooFast }
    return app
  }
}
