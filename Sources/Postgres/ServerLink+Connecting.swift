import CLibPQ

extension ServerLink {
  /// Below the connection string and the environment in rank: a dead peer is noticed within a minute.
  private static let defaults = [
    ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
  ]

  func connect() throws(PostgresError) {
    let connection = try startConnecting()
    self.connection = connection
    do throws(PostgresError) {
      try pollUntilConnected(connection)
      PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
      PQsetnonblocking(connection, 1)
      installNoticeReceiver(on: connection)
      try setUpSession()
    } catch {
      end(error)
      throw error
    }
  }

  private func startConnecting() throws(PostgresError) -> OpaquePointer {
    let string = configuration.connectionString
    if string.contains("=") || string.contains("://") { try check(string) }
    var settings = Self.defaults
    settings.append(("fallback_application_name", configuration.applicationName))
    if !string.isEmpty { settings.append(("dbname", string)) }
    settings.append(("client_encoding", "UTF8"))
    let connection = withCStrings(settings.map(\.0)) { keywords in
      withCStrings(settings.map(\.1)) { values in
        PQconnectStartParams(keywords, values, 1)
      }
    }
    guard let connection else {
      throw PostgresError(.cannotConnect, message: "libpq could not allocate a connection.")
    }
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    return connection
  }

  /// libpq quotes from a string that it can't parse, and that may be the password.
  private func check(_ string: String) throws(PostgresError) {
    guard let parsed = PQconninfoParse(string, nil) else {
      throw PostgresError(
        .connectionRefused,
        message: "The connection string is not one that libpq understands: see its manual, 34.1.1.")
    }
    PQconninfoFree(parsed)
    guard !ConnectionURI.isAmbiguous(string) else {
      throw PostgresError(
        .connectionRefused,
        message: "The connection string holds an @ or a / that may be a part of the user, the "
          + "password or the database's name: percent-encode it there (%40, %2F).")
    }
  }

  private func pollUntilConnected(_ connection: OpaquePointer) throws(PostgresError) {
    let deadline = ContinuousClock.now + configuration.connectTimeout
    var state = PGRES_POLLING_WRITING
    while PQstatus(connection) != CONNECTION_BAD {
      if state == PGRES_POLLING_OK { return }
      if state == PGRES_POLLING_FAILED { break }
      let ready = Readiness.wait(
        on: PQsocket(connection), reading: state == PGRES_POLLING_READING,
        writing: state == PGRES_POLLING_WRITING, wake: wake, until: deadline)
      if ready.woken {
        wake.clear()
        if cancelAsked { throw PostgresError(.cancelled, message: "Connecting was cancelled.") }
      }
      if ready.timedOut {
        throw PostgresError(
          .cannotConnect,
          message: "The server did not let us in within \(configuration.connectTimeout).")
      }
      if ready.readable || ready.writable { state = PQconnectPoll(connection) }
    }
    throw ServerErrors.readConnecting(
      PQerrorMessage(connection).map { String(cString: $0) } ?? "")
  }

  private func setUpSession() throws(PostgresError) {
    try begin(timeout: nil, silence: configuration.connectTimeout)
    exchange.commitsByItself = false
    try runScript(sessionScript)
  }

  /// The settings of a session, as statements.
  var sessionScript: String {
    // No statement here runs so long that compiling its plan would pay; a wrong estimate would have
    // it compiled all the same, and that takes longer than the statement: 140 ms were measured.
    var script = "set time zone 'UTC'; set client_min_messages = 'warning'; set jit = off"
    if let timeout = configuration.statementTimeout {
      script += "; set statement_timeout = \(Self.serverMilliseconds(timeout))"
    }
    return script
  }

  /// As a setting of the server: at least 1, because 0 means no limit, and at most what it takes.
  static func serverMilliseconds(_ duration: Duration) -> Int64 {
    min(max(duration.wholeMilliseconds, 1), Int64(Int32.max))
  }
}

/// Lends an array of C strings that ends with nil.
private func withCStrings<Answer>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Answer?
) -> Answer? {
  var starts: [Int] = []
  var bytes: [CChar] = []
  for string in strings {
    starts.append(bytes.count)
    bytes.append(contentsOf: string.utf8.map { CChar(bitPattern: $0) })
    bytes.append(0)
  }
  return bytes.withUnsafeBufferPointer { buffer -> Answer? in
    guard let base = buffer.baseAddress else { return nil }
    let pointers = starts.map { Optional(base + $0) } + [nil]
    return pointers.withUnsafeBufferPointer { list in list.baseAddress.flatMap(body) }
  }
}
