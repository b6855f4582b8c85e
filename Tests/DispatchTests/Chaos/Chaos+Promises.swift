import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

extension Chaos {
  private var note: Comment { "seed \(seed); SWIFT_DETERMINISTIC_HASHING=1 repeats it" }

  func expectPromisesKept() {
    #expect(world.ledger.broken == [], note)
    #expect(world.steps > 2_000, note)
    #expect(world.ledger.left.count > 100, note)
    #expect(world.database.due.values.reduce(0) { $0 + $1.count } == 0, note)
    #expect(stuck == [], note)
    expectEndings()
    expectRecords()
  }

  private var stuck: [String] {
    world.members.values.map { member in
      "\(member.name): in flight \(member.board.inFlight.count), open "
        + "\(member.board.gates.budget.open), apps \(member.board.apps.mapValues(\.underWay))"
    }
  }

  /// G8: accepted, refused, expired or called off.
  private func expectEndings() {
    var ended: Set<UUID> = []
    for attempt in world.database.attempts.values where attempt.outcome.isFinal {
      ended.insert(attempt.delivery)
    }
    let lost = deliveries.filter { !ended.contains($0) && world.database.calledOffAt[$0] == nil }
    #expect(lost.count == 0, note)
  }

  /// G10: numbers without a gap; each push that left has its attempt, and nothing follows on
  /// an end.
  private func expectRecords() {
    var attempts: [UUID: [SimDatabase.Attempt]] = [:]
    for attempt in world.database.attempts.values {
      attempts[attempt.delivery, default: []].append(attempt)
    }
    for (delivery, found) in attempts {
      let numbers = Set(found.map(\.number))
      #expect(numbers == Set(1...numbers.count), note)
      let own = found.filter { !$0.isFenced }.sorted { $0.number < $1.number }
      #expect(own.dropLast().allSatisfy { !$0.outcome.isFinal }, note)
      #expect(Set(own.map(\.number)).count == own.count, note)
      #expect(world.database.numbers[delivery] == numbers, note)
    }
    let unrecorded = world.ledger.left.filter {
      world.database.numbers[$0.delivery]?.contains($0.attempt) != true
    }
    #expect(
      unrecorded.map { "#\($0.position) attempt \($0.attempt) by \($0.dispatcher)" } == [], note)
  }
}
