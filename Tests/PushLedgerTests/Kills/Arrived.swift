import Foundation
import PushCore
import Synchronization

/// A push that a provider took for good.
struct Arrival: Sendable {
  var provider: ProviderName
  var token: String
  var delivery: UUID
  /// Nil where the provider's pushes carry none.
  var badge: Int64?
}

/// Deliveries that arrived at least once, at whatever provider.
final class Arrived: Sendable {
  /// How many they are.
  let count = Tally()
  private let deliveries = Mutex<Set<UUID>>([])

  func add(_ ids: [UUID]) {
    guard !ids.isEmpty else { return }
    count.raise(
      to: deliveries.withLock { deliveries in
        deliveries.formUnion(ids)
        return deliveries.count
      })
  }
}
