import CLibPQ
import Logging
import Synchronization

/// One request and the wait for its answer.
struct Exchange {
  enum CancelReason { case task, timeout, abandoned }

  /// When the server is told to cancel.
  var deadline: ContinuousClock.Instant?
  /// How long the server may be silent before the connection counts as dead.
  var silence: Duration?
  /// When the connection is given up: pushed on by every answer.
  var giveUp: ContinuousClock.Instant?
  var began = ContinuousClock.now
  /// A statement outside a transaction commits by itself, so losing its answer leaves that open.
  var commitsByItself = false
  var isInsideTransaction = false
  var cancel: ServerCancel?
  var cancelReason: CancelReason?
  var broken = false

  mutating func progress() {
    guard cancelReason == nil, let silence else { return }
    giveUp = ContinuousClock.now + silence
  }
}

extension ServerLink {
  /// Begins a request: its limits run from here.
  /// - Parameters:
  ///   - timeout: After this the statement is cancelled on the server.
  ///   - silence: nil waits for ever.
  func begin(timeout: Duration?, silence: Duration?) throws(PostgresError) {
    let connection = try opened()
    exchange = Exchange()
    exchange.deadline = timeout.map { exchange.began + $0 }
    exchange.silence = silence
    exchange.isInsideTransaction = PQtransactionStatus(connection) != PQTRANS_IDLE
    exchange.commitsByItself = !exchange.isInsideTransaction
    exchange.progress()
  }

  var cancelAsked: Bool { shared.withLock { $0.cancelAsked } }

  /// Waits once for the socket, and reads what came.
  /// - Throws: Only when the connection had to be given up.
  func pause(writing: Bool = false) throws(PostgresError) {
    let connection = try opened()
    let until: ContinuousClock.Instant? =
      if exchange.cancelReason == nil, let deadline = exchange.deadline {
        exchange.giveUp.map { min($0, deadline) } ?? deadline
      } else {
        exchange.giveUp
      }
    let ready = Readiness.wait(
      on: PQsocket(connection), writing: writing, wake: wake, until: until)
    if ready.woken {
      wake.clear()
      if cancelAsked { cancelOnServer(.task) }
    }
    if ready.timedOut { try actOnTime() }
    if ready.readable {
      exchange.progress()
      if !readInput(connection) { try noteBroken(connection) }
    }
  }

  private func noteBroken(_ connection: OpaquePointer) throws(PostgresError) {
    exchange.broken = true
    if PQstatus(connection) == CONNECTION_OK {
      throw giveUp("libpq could not read on: memory is short.")
    }
  }

  private func actOnTime() throws(PostgresError) {
    let now = ContinuousClock.now
    if let giveUp = exchange.giveUp, giveUp <= now {
      throw self.giveUp("The server did not answer in time.")
    }
    if let deadline = exchange.deadline, deadline <= now { cancelOnServer(.timeout) }
  }

  /// Ends the connection, and makes the error that says so.
  func giveUp(_ message: String) -> PostgresError {
    let error = PostgresError(
      .connectionLost, message: message, commitOutcomeUnknown: exchange.commitsByItself)
    end(error)
    return error
  }

  /// Tells the server, once, to cancel the request in flight. When it can't be told, or doesn't
  /// obey, the connection is given up after the grace.
  func cancelOnServer(_ reason: Exchange.CancelReason) {
    guard exchange.cancelReason == nil, let connection else { return }
    exchange.cancelReason = reason
    exchange.giveUp = .now + Self.cancelGrace
    guard let cancel = ServerCancel(connection: connection) else { return }
    do throws(PostgresError) {
      try cancel.send(waking: wake)
      exchange.cancel = cancel
    } catch {
      logger.warning("A cancel request could not be sent", metadata: ["reason": "\(error.message)"])
    }
  }

  /// Sends what libpq holds, reading meanwhile so that neither side blocks the other.
  func flush() throws(PostgresError) {
    while true {
      switch PQflush(try opened()) {
      case 0: return
      case 1 where !exchange.broken: try pause(writing: true)
      default:
        exchange.broken = true
        return
      }
    }
  }

  /// The next result; nil at the end of a statement's.
  func nextResult() throws(PostgresError) -> OpaquePointer? {
    let connection = try opened()
    while !exchange.broken, PQisBusy(connection) == 1 { try pause() }
    let result = PQgetResult(try opened())
    exchange.progress()
    return result
  }

  /// Ends a request. A cancel still on its way could hit the next statement, so it is waited for.
  func settle() {
    while let cancel = exchange.cancel, !cancel.isFinished, connection != nil {
      let ready = Readiness.wait(on: -1, wake: wake, until: exchange.giveUp)
      if ready.woken { wake.clear() }
      if ready.timedOut {
        end(
          PostgresError(
            .connectionLost, message: "The server did not take a cancel request in time."))
      }
    }
    exchange.cancel = nil
  }

  /// A cancel that came between two steps of one request ends it before the next.
  func stopIfCancelled() throws(PostgresError) {
    guard let reason = exchange.cancelReason else { return }
    throw PostgresError(
      reason == .timeout ? .statementTimeout : .cancelled,
      message: "The statement was cancelled before it was sent.")
  }

  /// What a failed result means, with what only this side knows about it.
  func explain(_ error: PostgresError) -> PostgresError {
    var error = error
    if error.sqlState == "57014" {
      error.kind = endedByTime(error) ? .statementTimeout : .cancelled
    }
    return error
  }

  /// The server's message may be in any language, so the time that passed counts too.
  private func endedByTime(_ error: PostgresError) -> Bool {
    if let reason = exchange.cancelReason { return reason == .timeout }
    if error.message.contains("statement timeout") { return true }
    guard let limit = configuration.statementTimeout else { return false }
    return exchange.began.duration(to: .now) >= limit
  }

  /// The end of a connection that broke in a request; `first` is what the server still said.
  func loss(_ first: PostgresError?) -> PostgresError {
    var error =
      first
      ?? PostgresError(
        .connectionLost, message: "The connection broke while the server worked on a statement.")
    if error.kind != .adminShutdown && error.kind != .connectionLost {
      error = PostgresError(
        .connectionLost, sqlState: error.sqlState, message: error.message)
    }
    error.commitOutcomeUnknown = exchange.commitsByItself
    end(error)
    return error
  }
}
