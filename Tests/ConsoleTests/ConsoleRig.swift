import Console
import Foundation
import HTTPTypes
import HummingbirdCore
import Ledger
import NIOCore
import NIOEmbedded
import Postgres
import PushCore
import TestSupport

/// A migrated database with an app, and its console, asked without a socket.
struct ConsoleRig: Sendable {
  static let app = AppID(unchecked: "chat")

  let pool: PostgresPool
  let console: Console
  /// What is ordered in the console and takes long; it runs beside.
  let work: ConsoleWork

  static func run(_ body: @Sendable (ConsoleRig) async throws -> Void) async throws {
    try await withTestDatabase { url in
      let configuration = PostgresConfiguration(url)
      _ = try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: 4, logger: TestDatabase.logger)
      let work = ConsoleWork(pool, logger: TestDatabase.logger)
      let console = try Console(
        ConsoleDependencies(pool: pool, keys: APIKeys(pool), work: work, version: "1.2.3"),
        logger: TestDatabase.logger)
      let rig = ConsoleRig(pool: pool, console: console, work: work)
      try await rig.create(app)
      let running = Task { try await work.run() }
      try await body(rig)
      running.cancel()
      _ = await running.result
      await pool.close()
    }
  }

  func create(_ app: AppID) async throws {
    _ = try await pool.query("select ledger.create_app($1)", [app.rawValue])
  }

  func key(_ scopes: Set<APIScope> = [.read], of app: AppID = app) async throws -> String {
    try await APIKeys(pool).create(for: app, scopes: scopes).text
  }

  struct Answer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: String

    /// What the answer sets the cookie to, with its attributes; nil where it sets none.
    var cookie: String? { headers[.setCookie] }
    /// The cookie as a browser sends it back.
    var session: String? {
      cookie.flatMap { $0.split(separator: ";").first.map(String.init) }
    }
    /// The token that the page's forms carry.
    var formToken: String? {
      body.firstMatch(of: /name="csrf" value="([0-9a-f]{64})"/).map { String($0.1) }
    }
  }

  func get(
    _ path: String, session: String? = nil, _ more: HTTPFields = [:]
  ) async throws -> Answer {
    try await ask(.get, path, nil, session, more)
  }

  /// Asks for a page and reads no body.
  func head(_ path: String, session: String) async throws -> Answer {
    let request = Request(
      head: HTTPRequest(
        method: .head, scheme: "http", authority: "localhost", path: path,
        headerFields: [.cookie: session]), body: RequestBody(buffer: ByteBuffer()))
    let response = await console.respond(to: request, on: NIOAsyncTestingChannel())
    return Answer(status: response.status.code, headers: response.headers, body: "")
  }

  func post(
    _ path: String, _ fields: KeyValuePairs<String, String>, session: String? = nil,
    _ more: HTTPFields = [:]
  ) async throws -> Answer {
    try await post(path, fields.map { ($0.key, $0.value) }, session: session, more)
  }

  func post(
    _ path: String, _ fields: [(String, String)], session: String? = nil,
    _ more: HTTPFields = [:]
  ) async throws -> Answer {
    let body = fields.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
    return try await ask(.post, path, body, session, more)
  }

  /// Signs in, and gives the cookie as a browser sends it back.
  func signIn(_ scopes: Set<APIScope> = [.read], of app: AppID = app) async throws -> String {
    let answer = try await post("/console/sign-in", ["key": try await key(scopes, of: app)])
    guard let session = answer.session else { throw NotSignedIn(status: answer.status) }
    return session
  }

  struct NotSignedIn: Error {
    var status: Int
  }

  private func ask(
    _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ session: String?,
    _ more: HTTPFields
  ) async throws -> Answer {
    var headers = more
    headers[.cookie] = session
    if body != nil { headers[.contentType] = "application/x-www-form-urlencoded" }
    let request = Request(
      head: HTTPRequest(
        method: method, scheme: "http", authority: "localhost", path: path, headerFields: headers),
      body: RequestBody(buffer: ByteBuffer(string: body ?? "")))
    let response = await console.respond(to: request, on: NIOAsyncTestingChannel())
    let sink = Sink()
    try await response.body.write(sink)
    return Answer(
      status: response.status.code, headers: response.headers,
      body: String(buffer: await sink.bytes.read()))
  }

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }
}

/// Gathers a body.
struct Sink: ResponseBodyWriter {
  actor Bytes {
    private var buffer = ByteBuffer()

    func add(_ more: ByteBuffer) { buffer.writeImmutableBuffer(more) }
    func read() -> ByteBuffer { buffer }
  }

  let bytes = Bytes()

  func write(_ buffer: ByteBuffer) async throws { await bytes.add(buffer) }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
