import PushCore
import Synchronization

/// The faults to come, and the devices whose state is known.
final class FaultPlan: Sendable {
  typealias Fault = APNsSimulator.Fault
  typealias Device = APNsSimulator.Device

  private struct State {
    var faults: [Fault] = []
    var devices: [String: Device] = [:]
  }

  /// What a push meets.
  enum Finding {
    case nothing
    case refused(PushRefusal)
    case fault(Fault.Effect, delay: Duration)
  }

  private let state = Mutex(State())
  private let isEmpty = Atomic<Bool>(true)
  private let environment: PushEnvironment

  init(devices: [Device], environment: PushEnvironment) {
    self.environment = environment
    for device in devices { register(device) }
  }

  func register(_ device: Device) {
    var device = device
    device.token = device.token.lowercased()
    change { $0.devices[device.token] = device }
  }

  func add(_ fault: Fault) {
    var fault = fault
    switch fault.target {
    case .token(let token): fault.target = .token(token.lowercased())
    case .tokenPrefix(let prefix): fault.target = .tokenPrefix(prefix.lowercased())
    case .any, .topic: break
    }
    change { $0.faults.append(fault) }
  }

  func clearFaults() { change { $0.faults.removeAll() } }

  /// Those still to come, each with what is left of its ``Fault/after`` and ``Fault/times``.
  var faults: [Fault] { state.withLock { $0.faults } }

  private func change(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      isEmpty.store(state.faults.isEmpty && state.devices.isEmpty, ordering: .releasing)
    }
  }

  /// What a push meets that every other check has passed.
  func meet(_ push: CheckedPush) -> Finding {
    if isEmpty.load(ordering: .acquiring) { return .nothing }
    return state.withLock { state in
      if let device = state.devices[push.token], let refusal = refusal(of: push, by: device) {
        return .refused(refusal)
      }
      return Self.take(from: &state.faults, for: push)
    }
  }

  private func refusal(of push: CheckedPush, by device: Device) -> PushRefusal? {
    if let other = device.environment, other != environment { return PushRefusal(.badDeviceToken) }
    if let topic = device.topic, topic != push.bundleID, topic != push.topic {
      return PushRefusal(.deviceTokenNotForTopic)
    }
    return device.invalidSince.map { PushRefusal(device.invalidReason, since: $0) }
  }

  private static func take(from faults: inout [Fault], for push: CheckedPush) -> Finding {
    for index in faults.indices where fits(faults[index].target, push) {
      if faults[index].after > 0 {
        faults[index].after -= 1
        continue
      }
      let fault = faults[index]
      if let times = fault.times {
        if times <= 1 { faults.remove(at: index) } else { faults[index].times = times - 1 }
        if times <= 0 { return .nothing }
      }
      return .fault(fault.effect, delay: fault.delay)
    }
    return .nothing
  }

  private static func fits(_ target: Fault.Target, _ push: CheckedPush) -> Bool {
    switch target {
    case .any: true
    case .token(let token): push.token == token
    case .tokenPrefix(let prefix): push.token.hasPrefix(prefix)
    case .topic(let topic): push.topic == topic
    }
  }
}
