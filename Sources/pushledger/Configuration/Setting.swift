/// Every setting of `pushledger`, each documented here once; `pushledger config` shows this table.
enum Setting: String, CaseIterable {
  case databaseURL = "database.url"
  case databaseConnections = "database.connections"
  case dataFolder = "data.folder"
  case masterKey = "master.key"
  case masterKeyFile = "master.key.file"
  case httpHost = "http.host"
  case httpPort = "http.port"
  case appendQueueEvents = "append.waiting.events"
  case projectionWorkers = "projection.connections"
  case dispatchInFlight = "dispatch.in.flight"
  case apnsConnections = "apns.connections"
  case providerConnections = "provider.connections"
  case reactConnections = "react.connections"
  case logLevel = "log.level"

  static let variablePrefix = "PUSHLEDGER_"

  /// The environment variable that sets it.
  var variable: String {
    Self.variablePrefix + rawValue.uppercased().replacing(".", with: "_")
  }

  var fallback: String {
    switch self {
    case .databaseURL, .masterKey, .masterKeyFile: ""
    case .databaseConnections: "8"
    case .dataFolder: ".pushledger"
    case .httpHost: "127.0.0.1"
    case .httpPort: "8080"
    case .appendQueueEvents: "20000"
    case .projectionWorkers: "2"
    case .dispatchInFlight: "2000"
    case .apnsConnections: "2"
    case .providerConnections: "16"
    case .reactConnections: "4"
    case .logLevel: "notice"
    }
  }

  /// What a number may be; nil where it is a text.
  var range: ClosedRange<Int>? {
    switch self {
    case .databaseURL, .dataFolder, .masterKey, .masterKeyFile, .httpHost, .logLevel: nil
    case .databaseConnections: 1...1_000
    case .httpPort: 0...65_535
    case .appendQueueEvents: 1...10_000_000
    case .projectionWorkers, .apnsConnections, .providerConnections: 1...64
    case .dispatchInFlight: 1...100_000
    case .reactConnections: 2...64
    }
  }

  var meaning: String {
    switch self {
    case .databaseURL:
      "Where PostgreSQL is: a libpq URL or key=value text. Empty: `up` starts a private server, "
        + "everything else follows libpq's own environment (PGHOST, PGSERVICE …)."
    case .databaseConnections:
      "Connections for requests and queries; appending, listening and folding have their own."
    case .dataFolder: "Where `up` keeps its private PostgreSQL, and the master key for it."
    case .masterKey:
      "What secrets of credentials are sealed under: 32 bytes in base64. Older keys, which still "
        + "open, follow after commas. For `credentials`, `dispatch` and `up`."
    case .masterKeyFile: "A file with the same, a key a line, in place of `master.key`."
    case .httpHost: "The address that the API listens on."
    case .httpPort: "The port that the API listens on."
    case .appendQueueEvents:
      "Events that may wait for a commit. Above it the API answers 503 with Retry-After."
    case .projectionWorkers: "Apps that one projector folds at the same time."
    case .dispatchInFlight: "Pushes on their way at the same time, over all apps."
    case .apnsConnections: "HTTP/2 connections for each APNs credential and host."
    case .providerConnections:
      "Connections to each host of every other provider; HTTP/2 carries some 100 pushes on one."
    case .reactConnections: "Connections for webhooks, broadcasts and reach."
    case .logLevel: "trace, debug, info, notice, warning, error or critical; logs go to stderr."
    }
  }

  /// Never shown; only whether it is set.
  var isSecret: Bool { self == .databaseURL || self == .masterKey }
}
