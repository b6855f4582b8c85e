public import Logging
import Synchronization

/// One connection to a server, on a thread of its own, so that nothing else ever waits for it.
///
/// It carries one conversation: while a transaction or COPY is open, only whoever opened it should
/// speak. The thread ends when the last reference to the connection goes.
public actor PostgresConnection {
  /// Added to the server's limit for a statement; then the server counts as dead.
  static let silenceGrace = Duration.seconds(5)

  let link: ServerLink
  private let executor: ConnectionExecutor
  var isCopying = false

  private init(link: ServerLink, executor: ConnectionExecutor) {
    self.link = link
    self.executor = executor
  }

  deinit { executor.end() }

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Connects. The session speaks UTF-8, lives in UTC and limits its statements as configured.
  /// - Throws: ``PostgresError/Kind/cannotConnect``, which is worth a retry,
  ///   ``PostgresError/Kind/connectionRefused``, which isn't, or ``PostgresError/Kind/cancelled``.
  public static func connect(
    _ configuration: PostgresConfiguration, logger: Logger
  ) async throws(PostgresError) -> PostgresConnection {
    let link = try ServerLink(configuration, logger: logger)
    let executor = ConnectionExecutor(link: link)
    let connection = PostgresConnection(link: link, executor: executor)
    try executor.start()
    try await connection.request { link throws(PostgresError) in try link.connect() }
    return connection
  }

  /// Runs one statement. It is prepared on its first use, and found by its text and types later.
  /// - Parameters:
  ///   - timeout: Instead of the configured limit, which may be shorter or longer.
  /// - Throws: ``PostgresError``. When the task is cancelled, the statement is cancelled on the
  ///   server; the connection stays good.
  public func query(
    _ sql: String, _ parameters: PostgresParameters = [], timeout: Duration? = nil
  ) async throws(PostgresError) -> PostgresResult {
    try await limited(timeout) { link throws(PostgresError) in try link.query(sql, parameters) }
  }

  /// Runs statements separated by semicolons, without parameters, and drops their rows. Outside a
  /// transaction all of them are one, unless they say `begin` themselves.
  public func execute(
    _ script: String, timeout: Duration? = nil
  ) async throws(PostgresError) {
    try await limited(timeout) { link throws(PostgresError) in _ = try link.runScript(script) }
  }

  /// Runs up to 10,000 statements in one round trip. Outside a transaction they are one: all are
  /// stored or none.
  public func pipeline(
    _ calls: [PostgresCall], timeout: Duration? = nil
  ) async throws(PostgresError) -> [PostgresResult] {
    if calls.isEmpty { return [] }
    return try await limited(timeout) { link throws(PostgresError) in try link.pipeline(calls) }
  }

  /// Sends a notification, with the transaction if one is open. A payload has under 8,000 bytes.
  public func notify(_ channel: String, payload: String = "") async throws(PostgresError) {
    _ = try await query("select pg_notify($1, $2)", [channel, payload])
  }

  /// Listens to channels. Notifications that come faster than they are read are dropped, oldest
  /// first, above 4,096. The stream ends with the connection.
  public func listen(
    to channels: [String]
  ) async throws(PostgresError) -> AsyncStream<PostgresNotification> {
    let script = try channels.map { name throws(PostgresError) in try Self.listenStatement(name) }
    link.shared.withLock { $0.hasListened = true }
    let stream = link.router.subscribe(to: channels)
    try await execute(script.joined(separator: ";"))
    return stream
  }

  /// Takes back what statements of others may have left in the session: its settings are those after
  /// connecting, its advisory locks are given back, and it listens to nothing.
  public func refresh() async throws(PostgresError) {
    let script = "reset all; unlisten *; select pg_catalog.pg_advisory_unlock_all(); "
    try await limited(nil) { link throws(PostgresError) in
      _ = try link.runScript(script + link.sessionScript)
    }
  }

  /// Closes the connection. Calls that follow fail with ``PostgresError/Kind/closed``.
  public func close() async {
    link.end(PostgresError(.closed, message: "The connection was closed by its owner."))
  }

  /// The server cuts names off at 63 bytes, and then nothing would ever arrive.
  private static func listenStatement(_ channel: String) throws(PostgresError) -> String {
    guard (1...63).contains(channel.utf8.count) else {
      throw PostgresError(.misuse, message: "A channel's name has 1 to 63 bytes.")
    }
    let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false)
    return "listen \"\(quoted.joined(separator: "\"\""))\""
  }
}

// MARK: - Requests

extension PostgresConnection {
  typealias Work<Answer> = (ServerLink) throws(PostgresError) -> Answer

  /// Runs work on the connection under the configured limits, or under another one.
  func limited<Answer: Sendable>(
    _ timeout: Duration?, isCancellable: Bool = true, _ work: Work<Answer>
  ) async throws(PostgresError) -> Answer {
    let usual = link.configuration.statementTimeout
    guard let timeout, let usual, timeout > usual else {
      let silence = usual.map { $0 + Self.silenceGrace }
      return try await request(isCancellable: isCancellable) { link throws(PostgresError) in
        try link.begin(timeout: timeout, silence: silence)
        return try work(link)
      }
    }
    return try await request(isCancellable: isCancellable) { link throws(PostgresError) in
      try link.withStatementTimeout(timeout, usual: usual, silence: timeout + Self.silenceGrace) {
        () throws(PostgresError) in try work(link)
      }
    }
  }

  /// Runs work on the connection's thread, from its first to its last byte.
  func request<Answer: Sendable>(
    isCancellable: Bool = true, _ work: Work<Answer>
  ) async throws(PostgresError) -> Answer {
    if isCopying {
      throw PostgresError(.misuse, message: "A COPY is going on on this connection.")
    }
    let link = self.link
    let token = link.claim(cancellable: isCancellable)
    guard isCancellable else {
      defer { link.release() }
      return try work(link)
    }
    let outcome = await withTaskCancellationHandler {
      attempt(work)
    } onCancel: {
      link.cancel(token)
    }
    return try outcome.get()
  }

  /// A method and no part of the closure around it, so that it runs on the connection's thread.
  private func attempt<Answer>(_ work: Work<Answer>) -> Result<Answer, PostgresError> {
    defer { link.release() }
    if link.cancelAsked {
      return .failure(
        PostgresError(.cancelled, message: "The task was cancelled; nothing was sent."))
    }
    return Result { () throws(PostgresError) in try work(link) }
  }
}
