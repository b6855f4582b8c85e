public import PushCore

/// Deliveries that are due and can't be sent, whatever time passes.
public struct WaitingDeliveries: Sendable, Equatable {
  public struct Kind: Sendable, Hashable {
    public var app: AppID
    public var provider: ProviderName
    public var why: DispatchLack

    var sortKey: String { "\(app.rawValue)\n\(provider.rawValue)\n\(why.rawValue)" }
  }

  public var kind: Kind
  public var deliveries: Int
}

/// What a dispatcher has done since it started. The counters never go down.
public struct DispatcherCounters: Sendable, Equatable {
  /// Pushes given to a provider.
  public var sent: Int64 = 0
  /// Attempts by how they ended, those that sent nothing included.
  public var outcomes: [AttemptOutcome: Int64] = [:]
  /// Attempts in the ledger, and the transactions that it took.
  public var recorded: Int64 = 0
  public var recordings: Int64 = 0
  /// Of these, attempts whose lane another dispatcher had taken.
  public var fenced: Int64 = 0
  /// Attempts that the database refused to store.
  public var unrecordable: Int64 = 0
  /// Providers that had not returned long after the deadline.
  public var overdue: Int64 = 0
  public var lanesTaken: Int64 = 0
  public var lanesLost: Int64 = 0
  public var databaseFailures: Int64 = 0

  public init() {}
}

/// A dispatcher at one moment.
public struct DispatcherStatus: Sendable, Equatable {
  /// A circuit that is not closed, or had failures of late.
  public struct CircuitStatus: Sendable, Equatable {
    public enum State: Sendable, Equatable {
      /// Failures in a row.
      case closed(failures: Int)
      /// Tried again after this instant.
      case open(until: Timestamp)
      /// One push is on its way to find out.
      case probing
    }

    /// Nil for a host's, which all apps share.
    public var app: AppID?
    public var provider: ProviderName
    /// Nil for a host's circuit.
    public var credentialID: String?
    /// Nil for a credential's circuit.
    public var host: String?
    public var state: State
    /// What the last failure said.
    public var reason: String?
  }

  /// A credential that could not be opened or read.
  public struct RefusedCredential: Sendable, Equatable {
    public var app: AppID
    public var provider: ProviderName
    public var credentialID: String
    public var error: FieldError
  }

  public var name: String
  /// Lanes held, by app.
  public var lanes: [AppID: Int]
  /// Pushes on their way to a provider.
  public var inFlight: Int
  /// Deliveries handed out and not recorded: what is in flight, what waits for its device's turn
  /// and what is unrecorded.
  public var open: Int
  /// Rows of `dispatch.due` in memory.
  public var heldRows: Int
  /// Devices whose deliveries were put aside, to be read again.
  public var passedOverDevices: Int
  /// Attempts that ended and are not in the ledger yet.
  public var unrecorded: Int
  public var circuits: [CircuitStatus]
  /// As they were last counted.
  public var waiting: [WaitingDeliveries]
  /// Of these, those that lack something: what waits for its device is where it belongs.
  public var lacking: [WaitingDeliveries] { waiting.filter { $0.kind.why != .device } }
  public var refusedCredentials: [RefusedCredential]
  /// Whether anything is paused, as far as it knows.
  public var isPaused: Bool
  public var counters: DispatcherCounters
}

/// What a dispatcher shows in the database of what only it knows.
struct DispatcherReport: Sendable, Equatable {
  struct InFlight: Sendable, Equatable {
    var app: AppID
    var provider: ProviderName
    var pushes: Int
  }

  var inFlight: [InFlight] = []
  var circuits: [DispatcherStatus.CircuitStatus] = []
  var refused: [DispatcherStatus.RefusedCredential] = []
}

extension Board {
  var report: DispatcherReport {
    var pushes: [AppID: [ProviderName: Int]] = [:]
    for ticket in inFlight.values {
      pushes[ticket.delivery.app, default: [:]][ticket.delivery.provider, default: 0] += 1
    }
    return DispatcherReport(
      inFlight: pushes.flatMap { app, providers in
        providers.map { DispatcherReport.InFlight(app: app, provider: $0.key, pushes: $0.value) }
      }.sorted {
        ($0.app.rawValue, $0.provider.rawValue) < ($1.app.rawValue, $1.provider.rawValue)
      },
      circuits: circuitStatus, refused: refusedCredentials)
  }

  var status: DispatcherStatus {
    DispatcherStatus(
      name: dispatcher, lanes: apps.mapValues(\.lanes.count).filter { $0.value > 0 },
      inFlight: inFlight.count, open: gates.budget.open,
      heldRows: strands.values.reduce(0) { $0 + $1.entries.count },
      passedOverDevices: strands.values.reduce(0) { $0 + $1.passed.count },
      unrecorded: unrecorded, circuits: circuitStatus, waiting: waiting,
      refusedCredentials: refusedCredentials, isPaused: !gates.routes.book.pauses.isEmpty,
      counters: counters)
  }

  private var unrecorded: Int {
    strands.values.reduce(0) { sum, strand in
      sum
        + strand.open.count { id in
          if case .finished = strand.entries[id]?.stage { true } else { false }
        }
    }
  }

  private var circuitStatus: [DispatcherStatus.CircuitStatus] {
    let all = gates.circuits.all.map { key, circuit in
      let state: DispatcherStatus.CircuitStatus.State =
        switch circuit.state {
        case .closed(let failures): .closed(failures: failures)
        case .open(let until): .open(until: until)
        case .probing: .probing
        }
      return switch key {
      case .credential(let id):
        DispatcherStatus.CircuitStatus(
          app: id.app, provider: id.provider, credentialID: id.id, state: state,
          reason: circuit.lastReason)
      case .host(let provider, let host):
        DispatcherStatus.CircuitStatus(
          provider: provider, host: host, state: state, reason: circuit.lastReason)
      }
    }
    return all.sorted {
      ($0.app?.rawValue ?? "", $0.credentialID ?? "", $0.host ?? "")
        < ($1.app?.rawValue ?? "", $1.credentialID ?? "", $1.host ?? "")
    }
  }

  private var refusedCredentials: [DispatcherStatus.RefusedCredential] {
    gates.routes.book.entries.values.joined().compactMap { entry in
      guard case .failure(let error) = entry.credential else { return nil }
      return DispatcherStatus.RefusedCredential(
        app: entry.id.app, provider: entry.id.provider, credentialID: entry.id.id, error: error)
    }.sorted {
      ($0.app.rawValue, $0.provider.rawValue, $0.credentialID)
        < ($1.app.rawValue, $1.provider.rawValue, $1.credentialID)
    }
  }
}
