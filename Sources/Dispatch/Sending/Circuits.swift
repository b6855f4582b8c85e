import PushCore

import struct Foundation.UUID

/// One attempt in this process: the delivery and the number of the attempt.
struct DeliveryTag: Hashable, Sendable {
  var delivery: UUID
  var attempt: Int
}

/// What a circuit stands before.
enum CircuitKey: Hashable, Sendable {
  /// A credential, in the state that it has now: one that is mended gets a circuit of its own.
  case credential(CredentialID)
  case host(ProviderName, String)
}

/// A credential as it was loaded: `version` counts up whenever it changes.
struct CredentialID: Hashable, Sendable {
  var app: AppID
  var provider: ProviderName
  var id: String
  var version: Int
}

/// All circuits that were ever used and are not closed and forgotten.
struct Circuits: Sendable {
  private let limits: CircuitLimits
  private var circuits: [CircuitKey: Circuit] = [:]

  init(_ limits: CircuitLimits) { self.limits = limits }

  /// The strictest of a route's circuits decides.
  func gate(_ keys: [CircuitKey], at now: Timestamp) -> Circuit.Gate {
    var result = Circuit.Gate.open
    for key in keys {
      switch circuits[key]?.gate(at: now) ?? .open {
      case .open: break
      case .probe: result = .probe
      case .closed: return .closed
      }
    }
    return result
  }

  /// Whether a delivery that was let through may still go.
  func letsThrough(_ tag: DeliveryTag, _ keys: [CircuitKey]) -> Bool {
    keys.allSatisfy { key in
      guard let circuit = circuits[key] else { return true }
      if case .closed = circuit.state { return true }
      return circuit.isProbe(tag)
    }
  }

  /// Makes a delivery the probe of those circuits that wait for one.
  mutating func beginProbe(_ tag: DeliveryTag, _ keys: [CircuitKey], at now: Timestamp) {
    for key in keys where circuits[key]?.gate(at: now) == .probe {
      circuits[key]?.beginProbe(tag, at: now)
    }
  }

  mutating func giveUp(_ tag: DeliveryTag, _ keys: [CircuitKey], at now: Timestamp) {
    for key in keys { circuits[key]?.giveUp(tag, at: now) }
  }

  mutating func learn(
    _ result: AttemptResult, of tag: DeliveryTag, _ keys: [CircuitKey], at now: Timestamp,
    chance: Double
  ) {
    for key in keys {
      let verdict = Self.verdict(of: result, on: key)
      if circuits[key] == nil {
        switch verdict {
        case .works, .saysNothing: continue
        case .fails, .pauses: break
        }
        circuits[key] = make(key)
      }
      circuits[key]?.learn(verdict, of: tag, reason: result.reason, at: now, chance: chance)
      if let circuit = circuits[key], circuit.state == .closed(failures: 0) {
        circuits[key] = nil
      }
    }
  }

  /// Forgets the circuits of credentials that are no longer there.
  mutating func keep(_ isCurrent: (CredentialID) -> Bool) {
    circuits = circuits.filter { key, _ in
      if case .credential(let id) = key { isCurrent(id) } else { true }
    }
  }

  var all: [CircuitKey: Circuit] { circuits }

  private func make(_ key: CircuitKey) -> Circuit {
    switch key {
    case .credential:
      Circuit(
        failuresToOpen: 1, firstPause: limits.firstCredentialPause,
        longestPause: limits.longestCredentialPause, probePatience: limits.probePatience)
    case .host:
      Circuit(
        failuresToOpen: limits.hostFailures, firstPause: limits.firstHostPause,
        longestPause: limits.longestHostPause, probePatience: limits.probePatience)
    }
  }

  /// A server that refuses a credential works itself; one that fails says nothing of credentials.
  /// How long a delivery must wait after a server's error says nothing of how long the server
  /// will be ill, so only a credential's circuit heeds it.
  private static func verdict(of result: AttemptResult, on key: CircuitKey) -> Circuit.Verdict {
    switch (key, result.blame) {
    case (.credential, .credential): .fails(retryAfter: result.retryAfter)
    case (.credential, .pace): .pauses(result.retryAfter ?? .zero)
    case (.host, .host): .fails(retryAfter: nil)
    case (.credential, .host): .saysNothing
    case (.host, .credential), (.host, .pace): .works
    case (_, .delivery):
      switch result.outcome {
      case .accepted: .works
      case .rejected, .tokenInvalid, .retry: result.status == nil ? .saysNothing : .works
      case .unknown, .expired: .saysNothing
      }
    }
  }
}
