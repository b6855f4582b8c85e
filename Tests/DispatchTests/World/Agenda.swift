import PushCore

/// What happens when: the earliest first, at one instant in the order in which it was put down.
struct Agenda<Event> {
  private struct Item {
    var at: Timestamp
    var number: Int
    var event: Event

    static func < (left: Item, right: Item) -> Bool {
      (left.at, left.number) < (right.at, right.number)
    }
  }

  private var heap: [Item] = []
  private var last = 0

  mutating func add(_ event: Event, at time: Timestamp) {
    last += 1
    heap.append(Item(at: time, number: last, event: event))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes out what is next; nil where nothing happens until `end`.
  mutating func next(until end: Timestamp) -> (at: Timestamp, event: Event)? {
    guard let first = heap.first, first.at <= end else { return nil }
    let moved = heap.removeLast()
    if heap.isEmpty { return (first.at, first.event) }
    heap[0] = moved
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      if least == parent { return (first.at, first.event) }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
