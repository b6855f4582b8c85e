import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

/// The small parts that strands are made of.
@Suite struct KeepPlaces {
  private func device(_ name: String) -> DeviceKey {
    DeviceKey(user: UserID(unchecked: name), device: DeviceID(unchecked: "phone"))
  }

  private func key(_ position: Position) -> RowKey {
    RowKey(position: position, delivery: UUID())
  }

  @Test("Fifo gives back in the order of coming, however many come and go")
  func fifo() {
    var fifo = Fifo<Int>()
    var next = 0
    for number in 0..<1_000 {
      fifo.append(number)
      if number % 3 != 0 {
        #expect(fifo.first == next && fifo.popFirst() == next)
        next += 1
      }
    }
    #expect(fifo.count == 1_000 - next)
    while let number = fifo.popFirst() {
      #expect(number == next)
      next += 1
    }
    #expect(next == 1_000 && fifo.isEmpty && fifo.first == nil)
  }

  @Test("Delays gives out what has come due, the earliest first, and keeps the rest")
  func delays() {
    var delays = Delays()
    let start = World.start
    delays.add(device("c"), until: start + .seconds(3))
    delays.add(device("a"), until: start + .seconds(1))
    delays.add(device("b"), until: start + .seconds(2))
    delays.add(device("d"), until: start + .seconds(1))
    #expect(delays.take(until: start) == [])
    #expect(delays.take(until: start + .seconds(2)).map(\.user.rawValue) == ["a", "d", "b"])
    #expect(delays.count == 1)
    delays.add(device("c"), until: start + .seconds(9))
    #expect(delays.take(until: start + .seconds(3)) == [], "a device waits for its last time")
    #expect(delays.take(until: start + .seconds(9)) == [device("c")])
  }

  @Test("RowKey goes by the position, then by the id's bytes, as PostgreSQL does")
  func rowKeys() throws {
    let low = try #require(UUID(uuidString: "00000000-0000-0000-0000-0000000000ff"))
    let high = try #require(UUID(uuidString: "80000000-0000-0000-0000-000000000000"))
    let keys = [
      RowKey.before(5), RowKey(position: 5, delivery: low), RowKey(position: 5, delivery: high),
      RowKey.before(6),
    ]
    #expect(keys.reversed().sorted() == keys)
  }

  // MARK: PassedOver

  @Test("PassedOver reads again from the first of what was passed over for a reason that is gone")
  func rewinds() {
    var passed = PassedOver()
    passed.add(device("a"), .route(1), from: key(9))
    passed.add(device("b"), .route(1), from: key(7))
    passed.add(device("c"), .crowded, from: key(3))
    #expect(passed.rewind() == nil)
    passed.resolve(.route(2))
    #expect(!passed.wantsRewind)
    passed.resolve(.route(1))
    #expect(passed.reason(device("a")) == .route(1), "until the lane is read again")
    #expect(passed.rewind() == .before(7))
    #expect(passed.reason(device("a")) == nil && passed.reason(device("c")) == .crowded)
    #expect(passed.routes == [] && !passed.isEmpty && passed.count == 1)
  }

  @Test("PassedOver keeps a device's first reason, and the earliest place")
  func keepsTheFirstReason() {
    var passed = PassedOver()
    passed.add(device("a"), .crowded, from: key(5))
    passed.add(device("a"), .route(1), from: key(4))
    #expect(passed.reason(device("a")) == .crowded)
    #expect(passed.start(.crowded)?.position == 4 && passed.start(.route(1)) == nil)
  }

  @Test("PassedOver reads again when the first that backs off is due, and when a line ends")
  func wakes() {
    var passed = PassedOver()
    passed.add(device("a"), .backingOff, from: key(5))
    passed.wake(device("a"), at: World.start + .seconds(9))
    passed.wake(device("a"), at: World.start + .seconds(4))
    passed.tick(at: World.start + .seconds(3))
    #expect(!passed.wantsRewind)
    passed.tick(at: World.start + .seconds(4))
    #expect(passed.rewind() == .before(5))
    passed.add(device("b"), .crowded, from: key(8))
    passed.lineEnded(device("c"))
    #expect(!passed.wantsRewind)
    passed.lineEnded(device("b"))
    #expect(passed.rewind() == .before(8))
    #expect(passed.isEmpty)
    passed.add(device("d"), .crowded, from: key(9))
    passed.add(device("d"), .backingOff, from: key(10))
    passed.wake(device("d"), at: World.start + .seconds(20))
    passed.tick(at: World.start + .seconds(20))
    #expect(passed.rewind() == .before(9), "whatever it was put aside for first")
  }
}
