import Foundation
import PushCore
import Testing

extension LedgerFacts {
  /// G1, G2: positions run from 1 without a gap, and those that were answered stand.
  func expectPositions(_ answered: [UUID: Position]) {
    #expect(events.map(\.position) == (0..<events.count).map { Position($0 + 1) })
    let stored = Dictionary(events.map { ($0.event.id, $0.position) }) { first, _ in first }
    #expect(stored.count == events.count)
    let moved = answered.filter { stored[$0.key] != $0.value }
    #expect(moved.isEmpty, "\(moved.count) of \(answered.count) answers do not stand")
  }

  /// G8: every delivery arrived, and nothing else did.
  func expectArrivals(_ arrivals: [Arrival]) {
    let arrived = Set(arrivals.map(\.delivery))
    #expect(Set(deliveries.keys).subtracting(arrived).isEmpty, "some never arrived")
    #expect(arrived.subtracting(deliveries.keys).isEmpty, "some were never decided")
    let unfinished = deliveries.filter { $0.value.status != .accepted }
    #expect(unfinished.isEmpty, "\(unfinished.count) are not accepted")
  }

  /// G9: each phone got its pushes in the order of the ledger, through its own provider, repeats
  /// aside; where the provider's pushes carry badges, those that were decided; where nobody looked
  /// at it the badges rise.
  func expectOrder(_ arrivals: [Arrival], _ phones: [ChatHistory.Phone]) {
    var received: [String: [Arrival]] = [:]
    var seen: Set<UUID> = []
    for arrival in arrivals where seen.insert(arrival.delivery).inserted {
      received[arrival.token, default: []].append(arrival)
    }
    for phone in phones {
      let expected = deliveries.filter {
        $0.value.user.rawValue == phone.user && $0.value.device.rawValue == phone.device
      }.sorted { $0.value.position < $1.value.position }
      let got = received[phone.token] ?? []
      #expect(got.map(\.delivery) == expected.map(\.key), "order at \(phone)")
      #expect(got.allSatisfy { $0.provider == phone.provider }, "\(phone)")
      guard phone.provider == .apns else { continue }
      #expect(got.map(\.badge) == expected.map(\.value.badge), "badges at \(phone)")
      guard !ChatHistory.lookers.contains(phone.user) else { continue }
      let badges = got.compactMap(\.badge)
      #expect(zip(badges, badges.dropFirst()).allSatisfy { $0 < $1 }, "\(phone): \(badges)")
    }
  }

  /// G10: every push that arrived has its attempt in the ledger, and every accepted attempt a push.
  func expectAttempts(_ arrivals: [Arrival]) {
    let arrived = Dictionary(grouping: arrivals, by: \.delivery).mapValues(\.count)
    for (delivery, count) in arrived {
      let attempts = self.attempts[delivery] ?? []
      #expect(attempts.contains { $0.outcome == .accepted }, "\(delivery) is not recorded")
      #expect(attempts.count >= count, "\(delivery): \(attempts)")
    }
    for (delivery, attempts) in attempts where attempts.contains(where: { $0.outcome == .accepted })
    {
      #expect(arrived[delivery] != nil, "\(delivery) never arrived")
    }
  }

  /// G11: what arrived again has before it, for each time, an attempt that says `unknown`.
  func expectMarkedRepeats(_ arrivals: [Arrival]) {
    let repeated = Dictionary(grouping: arrivals, by: \.delivery).filter { $0.value.count > 1 }
    for (delivery, arrivals) in repeated {
      let attempts = self.attempts[delivery] ?? []
      let last = attempts.last { $0.outcome == .accepted }?.position ?? 0
      let unknown = attempts.filter { $0.outcome == .unknown && $0.position < last }
      #expect(unknown.count >= arrivals.count - 1, "\(delivery): \(attempts)")
      #expect(Set(attempts.map(\.number)).count == attempts.count, "\(delivery): \(attempts)")
    }
  }
}
