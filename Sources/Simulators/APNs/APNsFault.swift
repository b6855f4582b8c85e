extension APNsSimulator {
  /// What is to go wrong at a push that would otherwise have been accepted.
  ///
  /// Faults are tried in the order in which they were injected; the first that fits and is ready
  /// decides. Each that fits but is not ready yet (``after``) counts the push.
  public struct Fault: Sendable, Equatable {
    public var target: Target
    public var effect: Effect
    /// How much longer than the usual latency the answer takes.
    public var delay: Duration
    /// So many pushes that fit go well first.
    public var after: Int
    /// So many pushes get the effect; nil: all, until the faults are cleared.
    public var times: Int?

    public init(
      _ effect: Effect, on target: Target = .any, delay: Duration = .zero, after: Int = 0,
      times: Int? = nil
    ) {
      self.effect = effect
      self.target = target
      self.delay = delay
      self.after = after
      self.times = times
    }
  }
}

extension APNsSimulator.Fault {
  /// Which pushes the fault fits.
  public enum Target: Sendable, Hashable {
    case any
    /// Hexadecimal digits, in either case.
    case token(String)
    case tokenPrefix(String)
    case topic(String)
  }

  /// `accepted` says whether the push counts as taken, so that a second one of it would ring twice.
  public enum Effect: Sendable, Equatable {
    /// Accepted as usual, only later: see ``APNsSimulator/Fault/delay``.
    case accept
    case answer(Answer)
    /// No answer, while the connection lives on.
    case silence(accepted: Bool = true)
    /// RST_STREAM with an HTTP/2 error code: 7 is REFUSED_STREAM, 8 CANCEL, 2 INTERNAL_ERROR.
    case reset(code: UInt32, accepted: Bool = false)
    case goAway(GoAway)
    /// The connection is closed without a GOAWAY.
    case close(accepted: Bool = false)
    /// The connection is read on, but nothing is ever written again: no answer, no PING ack.
    case halfDead(accepted: Bool = true)
  }

  /// An answer in place of 200.
  public struct Answer: Sendable, Equatable {
    public var status: Int
    public var reason: String?
    /// Milliseconds since 1970, sent with 410 only; nil: the time of the answer.
    public var timestamp: Int64?
    /// Sent in place of the JSON, whatever it is.
    public var body: String?

    public init(
      status: Int, reason: String? = nil, timestamp: Int64? = nil, body: String? = nil
    ) {
      self.status = status
      self.reason = reason
      self.timestamp = timestamp
      self.body = body
    }

    public init(_ reason: APNsSimulator.Reason, timestamp: Int64? = nil) {
      self.init(status: reason.status, reason: reason.rawValue, timestamp: timestamp)
    }
  }

  /// A GOAWAY. Streams up to its last one are answered, those above are never looked at.
  public struct GoAway: Sendable, Equatable {
    public enum LastStream: String, Sendable, Equatable, CaseIterable {
      /// The stream of the push that set it off: it is still answered.
      case this
      /// The one before it: this push is not accepted. (Where a later stream was processed
      /// already, and in a GOAWAY sent at once, the same as ``this``: nothing processed is denied.)
      case previous
      /// 0, whatever was processed before; this push is not accepted.
      case zero
    }

    /// Goes as `{"reason": …}`, as Apple does; nil: no debug data.
    public var reason: String?
    /// Debug data in place of the JSON.
    public var debugText: String?
    public var lastStream: LastStream
    /// An HTTP/2 error code; 0 is NO_ERROR.
    public var code: UInt32
    /// How many GOAWAY frames are sent, one right after the other.
    public var frames: Int
    /// Whether the connection is closed after its last answer.
    public var closes: Bool

    public init(
      reason: String? = nil, debugText: String? = nil, lastStream: LastStream = .previous,
      code: UInt32 = 0, frames: Int = 1, closes: Bool = true
    ) {
      self.reason = reason
      self.debugText = debugText
      self.lastStream = lastStream
      self.code = code
      self.frames = frames
      self.closes = closes
    }
  }
}
