import CLibPQ
import Logging
import Synchronization

/// One connection of libpq and all that happens on it. Everything but `shared`, `wake` and `router`
/// belongs to the connection's thread.
///
/// libpq never blocks here: what must wait calls ``pause(writing:)``, which also acts on deadlines and
/// on the cancellation of the task that asked.
final class ServerLink: @unchecked Sendable {
  /// How long a server that was told to cancel, or whose own time limit passed, may take to say so.
  static let cancelGrace = Duration.seconds(5)
  /// Statements kept prepared on one connection.
  static let preparedStatements = 256
  /// Evicted statements are deallocated together, this many at a time.
  static let deallocationBatch = 16

  /// What other threads may ask and say.
  struct Shared {
    var lastToken: UInt64 = 0
    /// The request in flight, if it can be cancelled.
    var cancellable: UInt64?
    var cancelAsked = false
    var condition = Condition.busy
    var hasListened = false
  }

  enum Condition { case ready, inTransaction, busy, ended }

  let wake: WakeSignal
  let router = NotificationRouter()
  let shared = Mutex(Shared())
  let configuration: PostgresConfiguration
  let logger: Logger

  var connection: OpaquePointer?
  var statements = StatementCache(capacity: ServerLink.preparedStatements)
  var evicted: [String] = []
  var exchange = Exchange()
  /// Why the connection ended.
  var ending: PostgresError?
  /// False while a reader of COPY is asked to take a chunk: the server must wait as well.
  var readsWhileIdle = true
  /// Notices and notifications seen so far.
  private var asides = 0
  /// The server sent something that is neither. While it takes in a COPY, that is an error.
  var spokeUp = false
  private var fatalState: String?

  init(_ configuration: PostgresConfiguration, logger: Logger) throws(PostgresError) {
    wake = try WakeSignal()
    self.configuration = configuration
    self.logger = logger
  }

  deinit { if let connection { PQfinish(connection) } }

  func opened() throws(PostgresError) -> OpaquePointer {
    if let connection { return connection }
    throw ending ?? PostgresError(.closed, message: "The connection was closed by its owner.")
  }

  /// Closes the connection. What is asked of it afterwards fails with `error`.
  func end(_ error: PostgresError) {
    if ending == nil {
      ending = error
      ending?.commitOutcomeUnknown = false
    }
    finish()
  }

  func finish() {
    if let connection { PQfinish(connection) }
    connection = nil
    readsWhileIdle = true
    shared.withLock { $0.condition = .ended }
    router.finish()
  }

  // MARK: Requests

  /// Opens a request.
  /// - Returns: The token with which it, and no later one, is cancelled.
  func claim(cancellable: Bool) -> UInt64 {
    shared.withLock { shared in
      shared.lastToken += 1
      shared.cancellable = cancellable ? shared.lastToken : nil
      shared.cancelAsked = false
      if shared.condition != .ended { shared.condition = .busy }
      return shared.lastToken
    }
  }

  /// Asks, from any thread, that a request be cancelled; too late is no harm.
  func cancel(_ token: UInt64) {
    let isCurrent = shared.withLock { shared in
      guard shared.cancellable == token else { return false }
      shared.cancelAsked = true
      return true
    }
    if isCurrent { wake.raise() }
  }

  /// Ends a request, and lets the pool see, without a visit to this thread, what the connection is
  /// good for.
  func release() {
    settle()
    let status = connection.map { PQtransactionStatus($0) }
    shared.withLock { shared in
      shared.cancellable = nil
      shared.cancelAsked = false
      switch status {
      case nil: shared.condition = .ended
      case PQTRANS_IDLE: shared.condition = .ready
      case PQTRANS_INTRANS, PQTRANS_INERROR: shared.condition = .inTransaction
      default: shared.condition = .busy
      }
    }
  }

  // MARK: Between statements

  /// Waits for the next job, and for what the server says unasked.
  func waitWhileIdle() {
    let socket = connection.map { readsWhileIdle ? PQsocket($0) : -1 } ?? -1
    let ready = Readiness.wait(on: socket, wake: wake, until: nil)
    if ready.woken { wake.clear() }
    guard ready.readable, let connection else { return }
    let alive = readInput(connection)
    if !alive || fatalState != nil { end(lossWhileIdle()) }
  }

  /// Reads what came, and hands out the notifications in it.
  /// - Returns: False when the connection is broken.
  func readInput(_ connection: OpaquePointer) -> Bool {
    let before = asides
    let alive = PQconsumeInput(connection) == 1
    deliverNotifications()
    spokeUp = spokeUp || asides == before
    return alive
  }

  private func lossWhileIdle() -> PostgresError {
    guard let fatalState else {
      return PostgresError(.connectionLost, message: "The server closed the connection.")
    }
    return PostgresError(
      PostgresError.Kind(sqlState: fatalState), sqlState: fatalState,
      message: "The server ended the session.")
  }

  func deliverNotifications() {
    guard let connection else { return }
    while let pointer = PQnotifies(connection) {
      asides += 1
      let notification = PostgresNotification(
        channel: String(cString: pointer.pointee.relname),
        payload: String(cString: pointer.pointee.extra))
      PQfreemem(pointer)
      router.deliver(notification)
    }
  }

  /// Without this libpq prints notices to the standard error. Their text may hold values, so only
  /// their SQLSTATE is logged.
  func installNoticeReceiver(on connection: OpaquePointer) {
    let receiver: PQnoticeReceiver = { argument, result in
      guard let argument, let result else { return }
      Unmanaged<ServerLink>.fromOpaque(argument).takeUnretainedValue().receive(notice: result)
    }
    PQsetNoticeReceiver(connection, receiver, Unmanaged.passUnretained(self).toOpaque())
  }

  private func receive(notice: OpaquePointer) {
    asides += 1
    if let state = ServerErrors.fatalState(ofNotice: notice) { fatalState = state }
    logger.debug(
      "PostgreSQL notice",
      metadata: ["sql_state": "\(ServerErrors.field(notice, Diagnostic.sqlState) ?? "none")"])
  }
}
