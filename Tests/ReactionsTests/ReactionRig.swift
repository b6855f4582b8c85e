import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import Logging
import NIOCore
import Postgres
import Projections
import PushCore
import ServiceLifecycle
import Synchronization
import TestSupport

@testable import Reactions

/// A migrated database with the app `demo`, an appender, and a server that is called.
struct ReactionRig: Sendable {
  static let app = AppID(unchecked: "demo")
  static let sdkAppID: Int64 = 1_400_000_000
  static let token = "xxxxyyyy"

  let url: String
  let pool: PostgresPool
  let appender: Appender
  let sink: Sink

  static func run(_ body: @escaping @Sendable (ReactionRig) async throws -> Void) async throws {
    try await withTestDatabase { url in
      let configuration = PostgresConfiguration(url, statementTimeout: .seconds(60))
      try await Migrator(configuration, logger: TestDatabase.logger).migrate()
      let pool = PostgresPool(configuration, limit: 8, logger: TestDatabase.logger)
      try await Apps(pool).create(app)
      try await TencentApps(pool).put(
        sdkAppID, for: app, administrators: ["administrator"], secretKey: "k")
      let appender = Appender(configuration, logger: TestDatabase.logger)
      let sink = Sink()
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { await appender.run() }
        tasks.addTask { try await sink.run() }
        let outcome: Result<Void, any Error>
        do {
          await sink.isReady()
          try await body(ReactionRig(url: url, pool: pool, appender: appender, sink: sink))
          outcome = .success(())
        } catch {
          outcome = .failure(error)
        }
        tasks.cancelAll()
        appender.stop()
        try? await tasks.waitForAll()
        try outcome.get()
      }
      await pool.close()
    }
  }

  init(url: String, pool: PostgresPool, appender: Appender, sink: Sink) {
    self.url = url
    self.pool = pool
    self.appender = appender
    self.sink = sink
  }

  var configuration: Reactor.Configuration {
    var configuration = Reactor.Configuration()
    configuration.callTimeout = .seconds(10)
    let now = Timestamp(microseconds: 1_669_872_112_000_000)
    configuration.clock = { now }
    return configuration
  }

  func caller(_ change: (inout Reactor.Configuration) -> Void = { _ in }) -> WebhookCaller {
    var configuration = configuration
    change(&configuration)
    return WebhookCaller(pool: pool, configuration: configuration, logger: TestDatabase.logger)
  }

  func setWebhook(
    commands: [String] = TencentWebhooks.commands, path: String = "/cb", allowsPrivate: Bool = true,
    token: String? = token
  ) async throws -> TencentWebhook {
    try await TencentWebhooks(pool).put(
      Self.sdkAppID, of: Self.app, url: "http://127.0.0.1:\(sink.port)\(path)", token: token,
      commands: commands, allowsPrivate: allowsPrivate)
    guard let webhook = try await TencentWebhooks(pool).load().first else { throw NoWebhook() }
    return webhook
  }

  struct NoWebhook: Error {}

  func status() async throws -> TencentWebhookStatus? {
    try await TencentWebhooks(pool).list(of: Self.app).first
  }

  // MARK: Events

  func append(
    _ type: EventType, _ data: JSON, _ content: JSON? = nil, at seconds: Int64 = 1_770_000_000
  ) async throws {
    let event = try EventDoor.event(
      id: UUID(), type: type, occurredAt: Timestamp(microseconds: seconds * 1_000_000), data: data,
      content: content)
    _ = try await appender.appendEvents([event], to: Self.app)
  }

  func send(
    _ id: String, from: String = "ann", to conversation: JSON = ["user": "bob"],
    _ more: JSON = [:]
  ) async throws {
    var data: JSON = [
      "message_id": .string(id), "from": .string(from), "conversation": conversation,
    ]
    for member in more.members ?? [] { data = data.setting(member.key, to: member.value) }
    try await append(.messageSent, data, ["elements": [Self.text], "cloud_custom_data": "c"])
  }

  static let text: JSON = ["MsgType": "TIMTextElem", "MsgContent": ["Text": "hi"]]

  /// Folds all that is stored.
  func project() async throws {
    let projector = Projector(pool: pool, listener: nil, logger: TestDatabase.logger)
    try await projector.catchUp(Self.app)
    try await projector.release()
  }

  func events(_ type: EventType) async throws -> [RecordedEvent] {
    try await LedgerReader(pool).events(of: Self.app, after: 0, limit: 10_000)
      .filter { $0.event.type == type }
  }
}

/// A backend's server: what it was sent, and how it answers.
final class Sink: Sendable {
  struct Call: Sendable, Equatable {
    var path: String
    var query: String
    var body: JSON
  }

  private struct State {
    var beforeAnswer: @Sendable (Int) async -> Void = { _ in }
    var calls: [Call] = []
    var answers: [HTTPResponse.Status] = []
    var port = 0
  }

  private let state = Mutex(State())
  private let ready: AsyncStream<Void>
  private let isUp: AsyncStream<Void>.Continuation

  init() { (ready, isUp) = AsyncStream.makeStream(of: Void.self) }

  var calls: [Call] { state.withLock(\.calls) }
  var port: Int { state.withLock(\.port) }

  /// Runs before a call is answered, with its number.
  var beforeAnswer: @Sendable (Int) async -> Void {
    get { state.withLock(\.beforeAnswer) }
    set { state.withLock { $0.beforeAnswer = newValue } }
  }

  /// How the next calls are answered; after them with 200.
  func answer(_ answers: HTTPResponse.Status...) { state.withLock { $0.answers = answers } }

  func isReady() async { for await _ in ready { return } }

  func run() async throws {
    let router = Router()
    router.post("**") { request, _ in
      let bytes = try await request.body.collect(upTo: 1_000_000)
      let json = (try? JSON.parse(Array(bytes.readableBytesView))) ?? .null
      let call = Call(path: request.uri.path, query: request.uri.query ?? "", body: json)
      let status = self.state.withLock { state in
        state.calls.append(call)
        return state.answers.isEmpty ? HTTPResponse.Status.ok : state.answers.removeFirst()
      }
      await self.beforeAnswer(self.calls.count)
      if call.path == "/long" {
        return Response(
          status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(repeating: 120, count: 200_000)))
      }
      if call.path == "/drip" {
        return Response(
          status: .ok,
          body: ResponseBody { writer in
            for _ in 0..<10_000 {
              try await writer.write(ByteBuffer(string: "x"))
              try await Task.sleep(for: .milliseconds(50))
            }
            try await writer.finish(nil)
          })
      }
      if call.path == "/hang" { try await Task.sleep(for: .seconds(3_600)) }
      if call.path == "/away" {
        return Response(status: .found, headers: [.location: "/other"])
      }
      return Response(status: status)
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in
        self.state.withLock { $0.port = channel.localAddress?.port ?? 0 }
        self.isUp.yield()
      }, logger: TestDatabase.logger)
    try await application.run()
  }
}
