import AsyncHTTPClient
import Foundation
import Ledger
import NIOCore
import NIOHTTP1
import Postgres
import Projections
import PushCore

extension Bench {
  private static let viewsPerSecond = 40
  /// How long the made-up chat went on.
  private static let days = Duration.seconds(30 * 86_400)
  private static let eventsPerCommit = 500
  private static let vacuumPatience = Duration.seconds(3_600)

  /// The console's pages over HTTP, as a browser asks for them, one after the other in no order, on
  /// a ledger of this many events.
  func pages(_ site: BenchSite) async throws -> [BenchLine] {
    let app = AppID(unchecked: "pages")
    let views = max(10, seconds * Self.viewsPerSecond)
    let (key, kinds, events) = try await site.withPool { pool in
      try await Apps(pool).create(app)
      try await fillPages(app, site, pool)
      let samples = try await PageSamples.read(app, views, pool)
      let key = try await APIKeys(pool).create(
        for: app, scopes: [.read, .admin], label: "bench"
      ).text
      return (key, samples.kinds(at: Timestamp.systemClock()), samples.events)
    }
    Output.note("Asking for pages of \(events.grouped) events …")
    let listening = Listening()
    let measured = try await site.withRoles {
      try $0.addAPI { listening.set($0) }
    } _: {
      guard let port = await listening.wait() else { throw CancellationError() }
      let configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      let answer: Result<[Latencies], any Error>
      do {
        var browser = try await PageBrowser.signIn(key, client, port)
        answer = .success(try await browser.look(at: kinds, views: views))
      } catch {
        answer = .failure(error)
      }
      try await client.shutdown()
      return try answer.get()
    }
    return zip(kinds, measured).map { kind, latencies in
      BenchLine(
        what: "page: \(kind.name), p95", value: latencies.percentile(0.95), unit: "ms",
        goal: .below(kind.limit), yardstick: nil,
        spread: BenchLine.Spread(
          p50: latencies.percentile(0.5), p99: latencies.percentile(0.99),
          most: latencies.percentile(1)))
    }
  }

  /// Fills a ledger and its projection, from the file where one is given.
  private func fillPages(_ app: AppID, _ site: BenchSite, _ pool: PostgresPool) async throws {
    if let file {
      _ = try await Importer(site.postgres, logger: site.logger).run(file, into: app)
    } else {
      try await storeChat(app, pool)
    }
    let rebuild = Rebuild(pool)
    _ = try await rebuild.begin()
    let rest = try await rebuild.fold { _ in }.left
    try await rebuild.index()
    _ = try await rebuild.swap()
    Output.note("Folded; \(rest.grouped) events are left.")
    // What happens in time by itself where a ledger grows slowly.
    _ = try await pool.query("vacuum (analyze)", timeout: Self.vacuumPatience)
  }

  /// Stores the made-up chat as of the last month, chained as an append would.
  private func storeChat(_ app: AppID, _ pool: PostgresPool) async throws {
    var chat = try BenchChat(app, events: events)
    let end = Timestamp.systemClock()
    func next() throws -> (events: [NewEvent], at: Timestamp) {
      let rest = Self.days * (1 - chat.progress)
      let moment = Timestamp(microseconds: end.microseconds - Int64(rest.seconds * 1e6))
      return (try chat.next(Self.eventsPerCommit, at: moment), moment)
    }
    var batch = try next()
    while !batch.events.isEmpty {
      var call = AppendStatement.call(batch.events, to: app)
      call.parameters.add(PostgresTimestamp(microseconds: batch.at.microseconds))
      let stored = call
      // The next one is made while this one is stored.
      async let done = pool.query(Self.storing, stored.parameters)
      batch = try next()
      _ = try await done
    }
  }

  /// Takes what ``Ledger/AppendStatement`` does, and when it was recorded.
  private static let storing = """
    with head as materialized (
      select h.position, h.commit_number, h.chain from ledger.heads h where h.app = $1),
    stored as materialized (
      select ledger.store_events($1, h.position, $11, $2, $3, $4, $5, $6, $7, $8) as digests
      from head h),
    linked as materialized (
      select h.commit_number + 1 as number, h.position + 1 as first_position,
        h.position + cardinality($2) as last_position,
        sha256(h.chain || s.digests || timestamptz_send($11)) as chain
      from head h, stored s),
    listed as (
      insert into ledger.commits (
          app, commit_number, first_position, last_position, recorded_at, chain)
        select $1, l.number, l.first_position, l.last_position, $11, l.chain from linked l)
    update ledger.heads h
      set position = l.last_position, commit_number = l.number, chain = l.chain, recorded_at = $11
      from linked l where h.app = $1
    """
}

/// Pages of one kind.
struct PageKind: Sendable {
  struct Ask: Sendable {
    var path: String
    /// The fields of a form that is sent; nil: the page is asked for by its address alone.
    var form: String?
  }

  var name: String
  /// What is to be answered in less, in milliseconds.
  var limit = 100.0
  /// The statuses of an answer that is none of a fault.
  var statuses: [UInt] = [200]
  /// Of each view one.
  var asks: [Ask]
  /// What is read for all who look within this time is asked for no more often; nil: at any time.
  var pause: Duration?
}

/// Asks for pages as one browser does, over one connection.
struct PageBrowser {
  private static let patience = TimeAmount.seconds(60)
  private static let pageBytes = 16 << 20
  /// Pages of each kind that are asked for before anything is measured.
  private static let warmUps = 3

  private let client: HTTPClient
  private let url: String
  private let cookie: String
  private var formToken = ""
  private var random = SplitMix(state: 5)

  static func signIn(
    _ key: String, _ client: HTTPClient, _ port: Int
  ) async throws -> PageBrowser {
    var browser = PageBrowser(client: client, url: "http://127.0.0.1:\(port)", cookie: "")
    let answer = try await browser.send(.init(path: "/console/sign-in", form: "key=\(key)"))
    guard answer.status.code == 303,
      let cookie = answer.headers.first(name: "set-cookie")?.split(separator: ";").first
    else { throw BenchError.notSignedIn(answer.status.code) }
    browser = PageBrowser(client: client, url: browser.url, cookie: String(cookie))
    let page = try await browser.send(.init(path: "/console"))
    let text = String(buffer: try await page.body.collect(upTo: Self.pageBytes))
    browser.formToken =
      text.firstMatch(of: /name="csrf" value="([0-9a-f]+)"/).map { String($0.1) } ?? ""
    return browser
  }

  private init(client: HTTPClient, url: String, cookie: String) {
    self.client = client
    self.url = url
    self.cookie = cookie
  }

  /// - Returns: How long the pages of each kind took, in their order.
  mutating func look(at kinds: [PageKind], views: Int) async throws -> [Latencies] {
    var latencies = Array(repeating: Latencies(), count: kinds.count)
    for kind in kinds {
      for ask in kind.asks.suffix(Self.warmUps) { _ = try await view(ask, kind) }
    }
    var order: [(kind: Int, ask: PageKind.Ask)] = []
    for (place, kind) in kinds.enumerated() where kind.pause == nil {
      guard !kind.asks.isEmpty else { continue }
      for number in 0..<views { order.append((place, kind.asks[number % kind.asks.count])) }
    }
    order.shuffle(using: &random)
    var lastLooks: [Int: ContinuousClock.Instant] = [:]
    for (place, ask) in order {
      latencies[place].add(try await view(ask, kinds[place]))
      for (place, kind) in kinds.enumerated() {
        guard let pause = kind.pause, let ask = kind.asks.randomElement(using: &random),
          lastLooks[place].map({ $0.duration(to: .now) > pause }) ?? true
        else { continue }
        lastLooks[place] = .now
        latencies[place].add(try await view(ask, kind))
      }
    }
    return latencies
  }

  private func view(_ ask: PageKind.Ask, _ kind: PageKind) async throws -> Duration {
    let start = ContinuousClock.now
    let answer = try await send(ask)
    _ = try await answer.body.collect(upTo: Self.pageBytes)
    let duration = start.duration(to: .now)
    guard kind.statuses.contains(answer.status.code) else {
      throw BenchError.noPage(ask.path, status: answer.status.code)
    }
    return duration
  }

  private func send(_ ask: PageKind.Ask) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: url + ask.path)
    if !cookie.isEmpty { request.headers.add(name: "cookie", value: cookie) }
    if let form = ask.form {
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
      request.body = .bytes(ByteBuffer(string: form + "&csrf=\(formToken)"))
    }
    return try await client.execute(request, timeout: Self.patience)
  }
}
