import CLibPQ

/// Reads errors out of libpq, leaving out what may hold values.
enum ServerErrors {
  /// The error of a failed result.
  static func read(_ result: OpaquePointer) -> PostgresError {
    guard let sqlState = field(result, Diagnostic.sqlState) else {
      return PostgresError(
        .connectionLost, message: "The server closed the connection while it worked on a statement."
      )
    }
    let primary = field(result, Diagnostic.primaryMessage) ?? "The server gave no message."
    return PostgresError(
      PostgresError.Kind(sqlState: sqlState), sqlState: sqlState,
      message: withoutValues(primary, sqlState: sqlState),
      constraint: field(result, Diagnostic.constraint),
      detail: isOwn(sqlState) ? field(result, Diagnostic.detail) : nil,
      hint: isOwn(sqlState) ? field(result, Diagnostic.hint) : nil)
  }

  /// The SQLSTATE, when a notice in truth ends the session.
  static func fatalState(ofNotice result: OpaquePointer) -> String? {
    let severity = field(result, Diagnostic.severity)
    guard severity == "FATAL" || severity == "PANIC" else { return nil }
    return field(result, Diagnostic.sqlState)
  }

  static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
    PQresultErrorField(result, code).map { String(cString: $0) }
  }

  /// Why connecting failed, from libpq's text at verbosity `verbose`: there the SQLSTATE is a word of
  /// five characters and a colon, after the severity.
  static func readConnecting(_ text: String) -> PostgresError {
    // libpq's advice is indented; the line above it names the server.
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("\t") }
      .map { $0.trimmingPrefix(while: \.isWhitespace) }
    guard let line = lines.last(where: { !$0.hasPrefix("LOCATION:") && !$0.isEmpty }) else {
      return PostgresError(.cannotConnect, message: "The server could not be reached.")
    }
    let state = line.split(separator: " ").dropFirst().first { word in
      word.utf8.count == 6 && word.hasSuffix(":") && isState(word.dropLast())
    }
    guard let state = state?.dropLast() else {
      return PostgresError(.cannotConnect, message: String(line))
    }
    let kind = PostgresError.Kind(sqlState: String(state))
    let temporary = kind == .adminShutdown || kind == .cannotConnect || state.hasPrefix("53")
    return PostgresError(
      temporary ? .cannotConnect : .connectionRefused, sqlState: String(state),
      message: String(line))
  }

  private static func isState(_ word: Substring) -> Bool {
    word.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
      && word.utf8.contains { (48...57).contains($0) }
  }

  /// Class 22 quotes the bad input; only what stands before the quotation is kept.
  private static func withoutValues(_ message: String, sqlState: String) -> String {
    guard sqlState.hasPrefix("22") else { return message }
    let kept = message.prefix { !"\"'«»„“”‘’`".contains($0) }
    return kept.count == message.count ? message : kept + "…"
  }

  /// The classes beginning with a letter that PostgreSQL does not use itself.
  private static func isOwn(_ sqlState: String) -> Bool {
    guard let first = sqlState.utf8.first, (65...90).contains(first) else { return false }
    return !["F0", "HV", "P0", "XX"].contains(sqlState.prefix(2))
  }
}

/// The field codes of `PQresultErrorField`, which C spells as characters.
enum Diagnostic {
  static let severity = Int32(UInt8(ascii: "V"))
  static let sqlState = Int32(UInt8(ascii: "C"))
  static let primaryMessage = Int32(UInt8(ascii: "M"))
  static let detail = Int32(UInt8(ascii: "D"))
  static let hint = Int32(UInt8(ascii: "H"))
  static let constraint = Int32(UInt8(ascii: "n"))
  static let sourceFunction = Int32(UInt8(ascii: "R"))
}
