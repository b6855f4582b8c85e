import Synchronization

/// The faults to come.
final class SimulatedFaults: Sendable {
  private let faults = Mutex<[SimulatedFault]>([])

  func add(_ fault: SimulatedFault) { faults.withLock { $0.append(fault) } }

  func clear() { faults.withLock { $0 = [] } }

  /// Those still to come, each with what is left of its ``SimulatedFault/after`` and
  /// ``SimulatedFault/times``.
  var all: [SimulatedFault] { faults.withLock { $0 } }

  /// What a request for this path meets.
  func meet(_ path: String) -> SimulatedFault.Effect? {
    faults.withLock { faults in
      for index in faults.indices where path.hasPrefix(faults[index].path) {
        if faults[index].after > 0 {
          faults[index].after -= 1
          continue
        }
        let effect = faults[index].effect
        if let times = faults[index].times {
          if times <= 1 { faults.remove(at: index) } else { faults[index].times = times - 1 }
          if times <= 0 { return nil }
        }
        return effect
      }
      return nil
    }
  }
}
