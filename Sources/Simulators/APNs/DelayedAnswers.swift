import NIOCore

/// The answer to one push.
struct PushAnswer {
  var stream: UInt32
  var status: Int
  var apnsID: String
  /// `apns-unique-id`, where the sandbox gives one.
  var uniqueID: String?
  /// Empty with 200.
  var body: [UInt8] = []
}

/// Answers that wait for their time, the next one first.
///
/// With one latency for all they come in order, and each lands at the end at once; jitter moves
/// one past a few others.
struct DelayedAnswers {
  private var waiting: [(due: NIODeadline, answer: PushAnswer)] = []
  private var first = 0

  /// What was taken off the front is given back once it is this much.
  private static let compaction = 1_024

  var nextDue: NIODeadline? { first < waiting.count ? waiting[first].due : nil }

  mutating func add(_ answer: PushAnswer, due: NIODeadline) {
    var place = waiting.count
    while place > first, waiting[place - 1].due > due { place -= 1 }
    waiting.insert((due, answer), at: place)
  }

  /// The answers that are due, in order.
  mutating func take(until now: NIODeadline) -> ArraySlice<(due: NIODeadline, answer: PushAnswer)> {
    let start = first
    while first < waiting.count, waiting[first].due <= now { first += 1 }
    let taken = waiting[start..<first]
    if first == waiting.count {
      waiting.removeAll(keepingCapacity: taken.isEmpty)
      first = 0
    } else if first >= Self.compaction {
      waiting.removeFirst(first)
      first = 0
    }
    return taken
  }

  mutating func removeAll() {
    waiting.removeAll()
    first = 0
  }
}
