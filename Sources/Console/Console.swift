import Hummingbird
public import HummingbirdCore
public import Ledger
public import Logging
public import NIOCore
public import Postgres
public import PushCore

/// What the console works with; whoever makes them also ends them.
public struct ConsoleDependencies: Sendable {
  /// For reads, and for signing in and out; of its own, so that pages take nothing from others.
  public var pool: PostgresPool
  public var keys: APIKeys
  /// Does what takes long; run beside the console.
  public var work: ConsoleWork
  public var clock: @Sendable () -> Timestamp
  /// Of the program, as it is shown at the foot of every page.
  public var version: String
  /// What an operator can do about a provider's reason; nil where there is nothing to say.
  public var advice: @Sendable (ProviderName, String) -> String?

  public init(
    pool: PostgresPool, keys: APIKeys, work: ConsoleWork, version: String,
    advice: @escaping @Sendable (ProviderName, String) -> String? = { _, _ in nil },
    clock: @escaping @Sendable () -> Timestamp = Timestamp.systemClock
  ) {
    self.pool = pool
    self.keys = keys
    self.work = work
    self.version = version
    self.advice = advice
    self.clock = clock
  }
}

/// The pages under `/console`: what the ledger, the projection and the dispatcher say of one app, for
/// people with a browser.
///
/// Every page is rendered here and works without JavaScript, but for what is live.
public struct Console: Sendable {
  /// Under which all of its paths are.
  public static let path = "/console"

  private let responder: RouterResponder<ConsoleContext>
  private let logger: Logger

  /// - Throws: What a template says that cannot be read: a fault of the program.
  public init(_ parts: ConsoleDependencies, logger: Logger) throws {
    self.logger = logger
    let desk = PageDesk(library: try PageLibrary(), version: parts.version)
    let sessions = ConsoleSessions(parts.pool)
    let router = Router(context: ConsoleContext.self)
    let failures = ShowFailures(desk: desk, logger: logger)
    router.add(middleware: PageHeaders())
    // Around the look for a session, whose failure is shown to nobody in particular, and within.
    router.add(middleware: failures)
    router.add(middleware: FindSession(sessions: sessions))
    router.add(middleware: failures)
    AssetRoutes().add(to: router)
    SignInPages(desk: desk, keys: parts.keys, sessions: sessions).add(to: router)
    let signed = router.group().add(middleware: RequireSession())
    let live = LivePages(sessions: sessions)
    OverviewPage(
      desk: desk, looks: OverviewLooks(OverviewReader(pool: parts.pool), clock: parts.clock),
      live: live
    ).add(to: signed)
    MessagePage(
      desk: desk, reader: MessageReader(pool: parts.pool, advice: parts.advice), live: live,
      clock: parts.clock
    ).add(to: signed)
    UserPage(desk: desk, pool: parts.pool, live: live, clock: parts.clock).add(to: signed)
    GroupPage(desk: desk, pool: parts.pool).add(to: signed)
    SearchPage(desk: desk, reader: SearchReader(pool: parts.pool)).add(to: signed)
    DeliveriesPage(
      desk: desk, reader: DeliveryReader(pool: parts.pool),
      export: DeliveryExport(pool: parts.pool, sessions: sessions), clock: parts.clock
    ).add(to: signed)
    OperatePage(
      desk: desk, reader: OperateReader(pool: parts.pool), work: parts.work, clock: parts.clock,
      live: live
    ).add(to: signed)
    DeliveryOrdersPage(desk: desk, pool: parts.pool, clock: parts.clock).add(to: signed)
    TestPushPage(desk: desk, pool: parts.pool, clock: parts.clock).add(to: signed)
    responder = router.buildResponder()
  }

  /// Whether a path, without its query, is one of the console's.
  public static func serves(_ path: Substring) -> Bool {
    path.hasPrefix(Self.path) && (path.count == Self.path.count || path.hasPrefix(Self.path + "/"))
  }

  /// Answers any request, with a page that says what is wrong where something is.
  public func respond(to request: Request, on channel: any Channel) async -> Response {
    let context = ConsoleContext(source: .init(channel: channel, logger: logger))
    var head = request.head
    if head.method == .head { head.method = .get }
    let asked = Request(head: head, body: request.body)
    do {
      return try await responder.respond(to: asked, context: context)
    } catch {
      // All that a page throws is made a page by ``ShowFailures``.
      return Response(status: .internalServerError)
    }
  }
}

/// A request on its way to its page.
struct ConsoleContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection that the request came on.
  let channel: any Channel
  /// Nil where nobody is signed in.
  var session: ConsoleSession?

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
