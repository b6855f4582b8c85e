import Ledger
import Logging
import Postgres
import Projections
import PushCore

import struct Foundation.UUID

/// All endpoints, and what they share.
struct APIRoutes: Sendable {
  let table: RouteTable
  let metrics: HTTPMetrics
  let watch: CheckpointWatch
  let signals = LedgerSignals()
  let gate = FeedGate()
  let hub: StreamHub
  let recorder: SentRecorder
  /// What Tencent's server API takes here, such as `openim/sendmsg`.
  let tencentCommands: [String]

  init(
    _ parts: APIDependencies, _ configuration: APIConfiguration, watch: CheckpointWatch,
    logger: Logger
  ) throws {
    self.watch = watch
    let reading = Reading(
      ledger: LedgerReader(parts.pool), projection: NotificationsReader(pool: parts.pool),
      watch: watch)
    let streams = StreamsDatabase(
      pool: parts.pool, server: "streams-" + UUID().uuidString.prefix(13).lowercased())
    hub = StreamHub(
      streams, limit: configuration.streams, timing: configuration.streamTiming, logger: logger)
    recorder = SentRecorder(streams, clock: parts.clock, logger: logger)
    let writer = LedgerWriter(appender: parts.appender, pool: parts.pool)
    let tencent = TencentFront(
      apps: parts.tencent,
      commands: OpenIM(appender: parts.appender, reading: reading).commands
        .merging(GroupService(appender: parts.appender, reading: reading).commands) { $1 }
        .merging(
          PushToAll(appender: parts.appender, reading: reading, pool: parts.pool).commands
        ) { $1 }
        .merging(Accounts(appender: parts.appender, reading: reading).commands) { $1 },
      clock: parts.clock)
    tencentCommands = tencent.commands.keys.sorted()
    let http = Late<HTTPMetrics>()
    let document = Late<[UInt8]>()
    let operations = OperationRoutes(
      reading: reading, pool: parts.pool, gate: gate,
      server: ServerMetrics(
        appender: parts.appender, pool: parts.pool, watch: watch, gate: gate, hub: hub),
      status: parts.status, otherMetrics: parts.metrics, http: http)
    let streaming = NotificationRoutes(hub: hub, recorder: recorder, reading: reading)
    var routes = [SendMessages(writer: writer).route]
    routes += OneMessage(writer: writer, reading: reading).routes
    routes.append(ExplainMessage(explainer: Explainer(parts.pool), reading: reading).route)
    routes += TimelineRoutes(timelines: TimelineReader(parts.pool)).routes
    routes += UserRoutes(writer: writer, reading: reading).routes
    routes += DeviceRoutes(writer: writer, reading: reading).routes
    routes += streaming.routes
    routes += GroupRoutes(writer: writer).routes
    routes +=
      ClientDevices(
        writer: writer, reading: reading, apps: Apps(parts.pool),
        credentials: ProviderCredentials(parts.pool)
      ).routes
    routes += ClientOptions(writer: writer).routes
    routes += [
      ManyMembers(writer: writer).route,
      AppendEvents(writer: writer).route,
      EraseContent(eraser: Eraser(parts.pool)).route,
      ReadEvents(
        reading: reading, subscriptions: Subscriptions(parts.pool), signals: signals, gate: gate
      ).route,
      ReceiptRoutes(writer: writer, reading: reading).route,
      ProviderReceipts(
        doors: ReceiptDoors(parts.pool), appender: parts.appender, reading: reading,
        clock: parts.clock
      ).route,
      tencent.route,
    ]
    routes += SubscriptionRoutes(subscriptions: Subscriptions(parts.pool)).routes
    routes += operations.routes + [OpenAPIDocument.route(document)]
    table = RouteTable(routes)
    metrics = HTTPMetrics(routes: routes)
    http.value = metrics
    document.value = try OpenAPIDocument(routes: routes).json.serialized()
  }
}
