import PushCore

/// Devices whose next delivery is due later.
struct Delays: Sendable {
  private var due: [DeviceKey: Timestamp] = [:]
  /// No later than the first of them.
  private var earliest: Timestamp?

  var count: Int { due.count }

  mutating func add(_ device: DeviceKey, until time: Timestamp) {
    due[device] = time
    earliest = min(earliest ?? time, time)
  }

  /// Takes out those whose time has come.
  mutating func take(until now: Timestamp) -> [DeviceKey] {
    guard let first = earliest, first <= now else { return [] }
    let taken = due.filter { $0.value <= now }
    for device in taken.keys { due[device] = nil }
    earliest = due.values.min()
    return taken.sorted {
      ($0.value, $0.key.user, $0.key.device) < ($1.value, $1.key.user, $1.key.device)
    }
    .map(\.key)
  }
}
