import Synchronization

/// How much of large bodies may be held at once; small ones are bounded by the connections.
final class BodyBudget: Sendable {
  private let free: Atomic<Int>

  init(bytes: Int = APILimits.bodiesBytes) { free = Atomic(bytes) }

  /// - Returns: False when there is no room.
  func take(_ bytes: Int) -> Bool {
    var found = free.load(ordering: .relaxed)
    while found >= bytes {
      let (taken, now) = free.weakCompareExchange(
        expected: found, desired: found - bytes, ordering: .relaxed)
      if taken { return true }
      found = now
    }
    return false
  }

  func giveBack(_ bytes: Int) { free.add(bytes, ordering: .relaxed) }
}
