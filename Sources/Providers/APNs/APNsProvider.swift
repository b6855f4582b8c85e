public import Logging
public import NIOCore
public import NIOPosix
public import PushCore
private import Synchronization

/// Sends pushes through APNs, each credential over connections of its own.
///
/// Connections are opened by the first push and kept for hours. A credential that was replaced
/// under its id gets new ones; those of the old one close when they have been idle.
public final class APNsProvider: PushProvider {
  private struct PoolKey: Hashable {
    var app: AppID
    var fingerprint: [UInt8]
    var environment: PushEnvironment
  }

  private struct State {
    var doors: [PoolKey: PoolDoor] = [:]
    var isClosed = false
  }

  private let configuration: APNsConfiguration
  private let eventLoopGroup: any EventLoopGroup
  private let logger: Logger
  private let vault = ProviderTokenVault()
  private let state = Mutex(State())

  public init(
    configuration: APNsConfiguration = APNsConfiguration(),
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
  ) {
    self.configuration = configuration
    self.eventLoopGroup = eventLoopGroup
    self.logger = logger
  }

  public var name: ProviderName { .apns }

  func now() -> Timestamp { configuration.now() }

  public func host(of request: PushRequest, with credential: ProviderCredential) -> String {
    (credential.material as? APNsCredential)?.host(for: request.environment) ?? ""
  }

  public func send(
    _ request: PushRequest, with credential: ProviderCredential, deadline: Duration
  ) async -> AttemptResult {
    guard let apns = credential.material as? APNsCredential else {
      return AttemptResult(.retry, reason: ProviderCredential.Misfit.provider.rawValue)
    }
    let end = NIODeadline.now() + TimeAmount(deadline)
    let made = APNsRequest.make(
      request, credential: credential, authority: apns.host(for: request.environment),
      now: configuration.now())
    switch made {
    case .failure(let refusal): return refusal.result
    case .success(let made):
      guard let door = door(for: credential, apns, request.environment) else {
        return AttemptResult(.retry, reason: "shutting_down", payloadSHA256: made.payloadSHA256)
      }
      return await withCheckedContinuation { reply in
        if !door.submit(Submission(request: made, deadline: end, reply: reply)) {
          reply.resume(
            returning: AttemptResult(
              .retry, reason: "connection_full", blame: .host, payloadSHA256: made.payloadSHA256))
        }
      }
    }
  }

  private func door(
    for credential: ProviderCredential, _ apns: APNsCredential, _ environment: PushEnvironment
  ) -> PoolDoor? {
    let key = PoolKey(
      app: credential.app, fingerprint: credential.fingerprint, environment: environment)
    return state.withLock { state in
      guard !state.isClosed else { return nil }
      if let door = state.doors[key] { return door }
      let now = NIODeadline.now()
      let disused = configuration.closeWhenIdle * 2
      state.doors = state.doors.filter { !$0.value.isDisused(for: disused, at: now) }
      let door = makeDoor(credential, apns, environment)
      state.doors[key] = door
      return door
    }
  }

  private func makeDoor(
    _ credential: ProviderCredential, _ apns: APNsCredential, _ environment: PushEnvironment
  ) -> PoolDoor {
    let host = apns.host(for: environment)
    var tokens: ProviderTokens?
    if case .token(let key) = apns.authentication {
      tokens = vault.tokens(of: key, environment: environment)
    }
    let eventLoop = eventLoopGroup.next()
    let pool = APNsPool(
      identity: PoolIdentity(app: credential.app, credentialID: credential.id, host: host),
      configuration: configuration,
      dialer: APNsDialer(
        credential: apns, host: host, timeout: configuration.connectTimeout),
      tokens: tokens, eventLoop: eventLoop, logger: logger)
    return PoolDoor(pool, eventLoop: eventLoop, limit: configuration.waitingRequests)
  }

  public func status() async -> [ProviderStatus] {
    let doors = state.withLock { Array($0.doors.values) }
    var found: [ProviderStatus] = []
    for door in doors {
      if let status = await door.status() { found.append(status) }
    }
    return found.sorted {
      ($0.app, $0.credentialID, $0.host) < ($1.app, $1.credentialID, $1.host)
    }
  }

  public func shutdown(within grace: Duration) async {
    let doors = state.withLock { state in
      state.isClosed = true
      return Array(state.doors.values)
    }
    await withDiscardingTaskGroup { group in
      for door in doors { group.addTask { await door.close(within: grace) } }
    }
  }
}
