import Logging
import NIOCore
public import PushCore

/// What a simulation finds around it: the time, the fates of tokens, session tokens, what arrived
/// and what is told about it.
public final class SimulatedWorld: Sendable {
  let log: SimulatedPushLog
  let fates = FateBook()
  let sessions = SessionBook()
  let receipts: ReceiptSender
  private let clock: @Sendable () -> Timestamp

  init(
    _ configuration: ProviderSimulatorConfiguration, group: any EventLoopGroup, logger: Logger
  ) throws(SimulatorError) {
    clock = configuration.clock
    log = SimulatedPushLog(
      rememberedPushes: configuration.rememberedPushes,
      rememberedPayloads: configuration.rememberedPayloads)
    receipts = try ReceiptSender(
      trustPEM: configuration.receiptTrustPEM, clock: clock, group: group, logger: logger)
  }

  public var now: Timestamp { clock() }

  /// The next fate that was written down for the token, which is thereby used once; nil: it goes
  /// well.
  public func fate(of token: String) -> String? { fates.take(token) }

  /// Notes a push, accepted or not; its sequence and time are set here.
  public func record(_ push: SimulatedPush) {
    var push = push
    push.receivedAt = now
    log.append(push)
  }

  /// Sends a receipt after its delay. Returns at once.
  public func send(_ receipt: SimulatedReceipt) { receipts.send(receipt) }

  /// A random token, kept with its expiry by the simulator's clock.
  /// - Parameter prefix: what the token starts with.
  public func issueSession(
    _ subject: String, lifetime: Duration, prefix: String = ""
  ) -> String {
    sessions.issue(subject, prefix: prefix, expiresAt: now + lifetime)
  }

  /// - Returns: nil where the token is unknown or revoked.
  public func session(_ token: String) -> SimulatedSession? {
    sessions.session(token, at: now)
  }

  /// How many session tokens were issued since the start.
  public var sessionsIssued: Int { sessions.issued }

  /// Forgets what was received and sent, and every fate. Sessions live on.
  func reset() {
    log.clear()
    fates.clear()
    receipts.clear()
  }
}
