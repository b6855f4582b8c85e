public import Ledger
public import Postgres
public import PushCore

/// What the API works with; whoever makes them also ends them.
public struct APIDependencies: Sendable {
  /// What else is told of an app in `GET /v1/status`, such as `dispatch`.
  public typealias Status = @Sendable (AppID) async throws -> [JSON.Member]
  /// What else is told in `GET /metrics`.
  public typealias Metrics = @Sendable () async -> [MetricFamily]

  /// Is run by somebody else.
  public var appender: Appender
  /// For reads. A read waits as long for a connection as the pool lets it: some 3 seconds are
  /// enough.
  public var pool: PostgresPool
  public var keys: APIKeys
  /// The SDKAppIDs of Tencent's server API.
  public var tencent: TencentApps
  /// Listens to ``APIService/channels``, and maybe more.
  public var listener: PostgresListener
  public var status: Status
  public var metrics: Metrics
  /// Nil: none.
  public var pages: Pages?
  public var clock: @Sendable () -> Timestamp

  public init(
    appender: Appender, pool: PostgresPool, keys: APIKeys, listener: PostgresListener,
    status: @escaping Status = { _ in [] }, metrics: @escaping Metrics = { [] },
    pages: Pages? = nil,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.systemClock
  ) {
    self.appender = appender
    self.pool = pool
    self.keys = keys
    tencent = TencentApps(pool)
    self.listener = listener
    self.status = status
    self.metrics = metrics
    self.pages = pages
    self.clock = clock
  }
}

/// Where the API listens.
public struct APIConfiguration: Sendable {
  public enum Address: Sendable, Equatable {
    /// Port 0: any that is free.
    case tcp(host: String, port: Int)
    case unixSocket(path: String)
  }

  public var address: Address
  public var idleConnection: Duration = APILimits.idleConnection
  public var connections: Int = APILimits.connections
  public var streams: Int = APILimits.streams
  public var streamTiming = StreamTiming()

  public init(_ address: Address = .tcp(host: "127.0.0.1", port: 8080)) {
    self.address = address
  }
}

/// How often what serves streams of notifications does what time alone brings about.
public struct StreamTiming: Sendable {
  public var heartbeat: Duration = APILimits.streamHeartbeat
  public var poll: Duration = APILimits.streamPoll
  /// A reader that takes nothing for so long is cut.
  public var write: Duration = APILimits.streamWrite
  public var sweep: Duration = APILimits.streamSweep

  public init() {}
}
