public import PushCore

internal import struct Foundation.Date

/// How the client of APNs does its work. Every default suits Apple's own servers.
public struct APNsConfiguration: Sendable {
  /// Connections for each credential and host, opened as the traffic asks for them.
  public var connections = 2
  /// Streams on one connection at once, where the server allows as many or names no limit.
  public var streamsPerConnection = 1_000
  /// Requests that may wait for a free stream; the next is answered `connection_full`.
  public var waitingRequests = 8_192
  /// From the DNS lookup to the server's first HTTP/2 frame.
  public var connectTimeout = Duration.seconds(10)
  /// The wait after a first failure to connect; it doubles with every further one.
  public var firstReconnect = Duration.seconds(1)
  public var longestReconnect = Duration.seconds(60)
  /// A connection on which nothing came for so long gets a PING: one with requests in flight …
  public var pingWhenBusy = Duration.seconds(5)
  /// … and one without.
  public var pingWhenIdle = Duration.seconds(60)
  /// A PING unanswered for so long shows a dead socket.
  public var pingTimeout = Duration.seconds(5)
  /// How often a request that was provably not processed is sent again at once.
  public var resends = 3
  /// A connection on which so many deadlines passed in a row without an answer is replaced.
  public var unansweredInRow = 3
  /// A connection that answered so many internal errors in a row is replaced.
  public var serverErrorsInRow = 3
  /// Connections without any request for so long are closed.
  public var closeWhenIdle = Duration.seconds(3600)
  /// How long a device token that Apple called bad is not asked for again.
  public var refusedTokenMemory = Duration.seconds(600)

  /// Wall time: for provider tokens and expiry.
  public var now: @Sendable () -> Timestamp = { .systemClock }
  /// From 0 up to 1: what spreads the reconnections of many clients.
  public var jitter: @Sendable () -> Double = { .random(in: 0..<1) }

  public init() {}
}

extension Timestamp {
  /// What this machine's clock shows.
  static var systemClock: Timestamp {
    Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded(.down)))
  }
}
