import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

@Suite struct BreakCircuits {
  private let start = World.start
  private let tag = DeliveryTag(delivery: UUID(), attempt: 1)
  private let other = DeliveryTag(delivery: UUID(), attempt: 1)

  private func circuit(_ failures: Int = 3) -> Circuit {
    Circuit(
      failuresToOpen: failures, firstPause: .seconds(4), longestPause: .seconds(16),
      probePatience: .seconds(30))
  }

  private func fail(_ circuit: inout Circuit, _ tag: DeliveryTag, at now: Timestamp) {
    circuit.learn(.fails(retryAfter: nil), of: tag, reason: "Down", at: now, chance: 0.999_999)
  }

  @Test("opens after so many failures in a row, not before, and a success starts the count anew")
  func opens() {
    var circuit = circuit()
    for _ in 0..<2 { fail(&circuit, tag, at: start) }
    circuit.learn(.works, of: tag, reason: nil, at: start, chance: 0)
    for _ in 0..<2 { fail(&circuit, tag, at: start) }
    #expect(circuit.gate(at: start) == .open)
    #expect(circuit.lastReason == "Down")
    fail(&circuit, tag, at: start)
    #expect(circuit.gate(at: start) == .closed)
    #expect(circuit.gate(at: start + .seconds(3) - .milliseconds(1)) == .closed)
    #expect(circuit.gate(at: start + .seconds(4)) == .probe)
  }

  @Test("lets one probe through, and closes once it succeeds")
  func probesOnce() {
    var circuit = circuit(1)
    fail(&circuit, tag, at: start)
    let later = start + .seconds(5)
    circuit.beginProbe(other, at: later)
    #expect(circuit.isProbe(other) && !circuit.isProbe(tag))
    #expect(circuit.gate(at: later) == .closed)
    // What was sent before it opened says nothing.
    circuit.learn(.works, of: tag, reason: nil, at: later, chance: 0)
    #expect(circuit.gate(at: later) == .closed)
    circuit.learn(.works, of: other, reason: nil, at: later, chance: 0)
    #expect(circuit.gate(at: later) == .open)
    #expect(circuit.lastReason == nil && circuit.openings == 0)
  }

  @Test("stays open for as long as the provider asks for peace, without doubling")
  func keepsPeace() {
    var circuit = circuit()
    var now = start
    for _ in 0..<3 {
      circuit.learn(.pauses(.seconds(60)), of: tag, reason: "429", at: now, chance: 0)
      #expect(circuit.gate(at: now + .seconds(59)) == .closed)
      now = now + .seconds(60)
      #expect(circuit.gate(at: now) == .probe)
      circuit.beginProbe(tag, at: now)
    }
    #expect(circuit.openings == 0)
    circuit.learn(.works, of: tag, reason: nil, at: now, chance: 0)
    #expect(circuit.gate(at: now) == .open)
  }

  @Test("opens the credential's circuit, not the host's, for one that sends too fast")
  func pacesCredentials() {
    var circuits = Circuits(CircuitLimits())
    let credential = CredentialID(
      app: World.app, provider: .fcm, id: "google", version: 1)
    let keys: [CircuitKey] = [.credential(credential), .host(.fcm, "fcm.example")]
    circuits.learn(
      AttemptResult(.retry, status: 429, retryAfter: .seconds(30), blame: .pace), of: tag, keys,
      at: start, chance: 0)
    #expect(circuits.gate([.credential(credential)], at: start + .seconds(29)) == .closed)
    #expect(circuits.gate([.host(.fcm, "fcm.example")], at: start) == .open)
    #expect(circuits.gate(keys, at: start + .seconds(30)) == .probe)
  }

  @Test("waits twice as long after each probe that fails, up to the longest wait")
  func backsOff() {
    var circuit = circuit(1)
    fail(&circuit, tag, at: start)
    var now = start
    for pause in [4, 8, 16, 16, 16] {
      #expect(circuit.gate(at: now + .seconds(pause) * 0.74) == .closed)
      now = now + .seconds(pause)
      #expect(circuit.gate(at: now) == .probe)
      circuit.beginProbe(tag, at: now)
      fail(&circuit, tag, at: now)
    }
  }

  @Test("stays open as long as it was asked to, within its longest wait")
  func heedsRetryAfter() {
    for (asked, least, most) in [(10, 10, 10), (1, 3, 4), (1_000, 16, 16)] {
      var circuit = circuit(1)
      circuit.learn(
        .fails(retryAfter: .seconds(asked)), of: tag, reason: nil, at: start, chance: 0.5)
      #expect(circuit.gate(at: start + .seconds(least) - .milliseconds(1)) == .closed)
      #expect(circuit.gate(at: start + .seconds(most)) == .probe)
    }
  }

  @Test("sends another probe at once for one that was not sent, soon for one that proved nothing")
  func losesAProbe() {
    var circuit = circuit(1)
    fail(&circuit, tag, at: start)
    let later = start + .seconds(5)
    circuit.beginProbe(tag, at: later)
    circuit.giveUp(other, at: later)
    #expect(circuit.gate(at: later) == .closed)
    circuit.giveUp(tag, at: later)
    #expect(circuit.gate(at: later) == .probe)
    circuit.beginProbe(tag, at: later)
    circuit.learn(.saysNothing, of: tag, reason: nil, at: later, chance: 0)
    #expect(circuit.gate(at: later) == .closed)
    #expect(circuit.gate(at: later + Circuit.inconclusivePause) == .probe)
    circuit.beginProbe(tag, at: later)
    #expect(circuit.gate(at: later + .seconds(30)) == .probe, "a probe without an answer")
  }

  // MARK: What an answer says of whom

  private static let credential = CircuitKey.credential(
    CredentialID(app: World.app, provider: .apns, id: "main", version: 1))
  private static let host = CircuitKey.host(.apns, "production.example")

  private func gates(after result: AttemptResult, times: Int) -> [Circuit.Gate] {
    var circuits = Circuits(CircuitLimits())
    let keys = [Self.credential, Self.host]
    for _ in 0..<times { circuits.learn(result, of: tag, keys, at: start, chance: 0) }
    return keys.map { circuits.gate([$0], at: start) }
  }

  @Test("a refused credential stands alone: its host goes on")
  func blamesTheCredential() {
    let refused = AttemptResult(
      .retry, status: 403, reason: "InvalidProviderToken", blame: .credential)
    #expect(gates(after: refused, times: 1) == [.closed, .open])
    #expect(gates(after: refused, times: 50) == [.closed, .open])
  }

  @Test("a host that fails says nothing of credentials")
  func blamesTheHost() {
    let down = AttemptResult(.retry, status: 503, blame: .host)
    #expect(gates(after: down, times: 9) == [.open, .open])
    #expect(gates(after: down, times: 10) == [.open, .closed])
  }

  @Test("what is wrong with one delivery opens nothing")
  func blamesNobody() {
    for outcome in AttemptOutcome.allCases {
      #expect(gates(after: AttemptResult(outcome, status: 400), times: 50) == [.open, .open])
    }
  }

  @Test("the strictest circuit of a way decides, and only its probe goes")
  func combines() {
    var circuits = Circuits(CircuitLimits())
    let keys = [Self.credential, Self.host]
    let refused = AttemptResult(.retry, status: 403, blame: .credential)
    circuits.learn(refused, of: tag, keys, at: start, chance: 0)
    #expect(circuits.gate(keys, at: start) == .closed)
    #expect(!circuits.letsThrough(other, keys))
    let later = start + .seconds(60)
    #expect(circuits.gate(keys, at: later) == .probe)
    circuits.beginProbe(other, keys, at: later)
    #expect(circuits.letsThrough(other, keys) && !circuits.letsThrough(tag, keys))
    circuits.learn(AttemptResult(.accepted, status: 200), of: other, keys, at: later, chance: 0)
    #expect(circuits.all.isEmpty, "what works is forgotten")
  }

  @Test("forgets the circuit of a credential that was replaced")
  func forgets() {
    var circuits = Circuits(CircuitLimits())
    let refused = AttemptResult(.retry, status: 403, blame: .credential)
    circuits.learn(refused, of: tag, [Self.credential, Self.host], at: start, chance: 0)
    circuits.keep { _ in false }
    #expect(circuits.gate([Self.credential], at: start) == .open)
  }
}
