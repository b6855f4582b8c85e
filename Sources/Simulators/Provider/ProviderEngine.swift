import Logging
import NIOCore
import PushCore

/// What is done with a request: the fault that it meets, or else the simulation's answer.
final class ProviderEngine: Sendable {
  let simulation: any ProviderSimulation
  let world: SimulatedWorld
  let faults = SimulatedFaults()
  let connections = SimulatedConnections()
  let configuration: ProviderSimulatorConfiguration
  let logger: Logger

  static let maxBodyBytes = 1_048_576

  enum Action {
    case answer(SimulatedAnswer, delay: Duration)
    case silence
    case close
    case reset(code: UInt32)
    case answerThenGoAway(SimulatedAnswer)
  }

  init(
    _ simulation: any ProviderSimulation, _ configuration: ProviderSimulatorConfiguration,
    world: SimulatedWorld, logger: Logger
  ) {
    self.simulation = simulation
    self.configuration = configuration
    self.world = world
    self.logger = logger
  }

  func act(on request: SimulatedRequest) -> Action {
    guard let effect = faults.meet(request.path) else {
      return .answer(judge(request), delay: configuration.latency)
    }
    switch effect {
    case .answer(let answer): return .answer(answer, delay: configuration.latency)
    case .silence(let accepted):
      if accepted { _ = judge(request) }
      return .silence
    case .close(let accepted):
      if accepted { _ = judge(request) }
      return .close
    case .reset(let code): return .reset(code: code)
    case .goAway: return .answerThenGoAway(judge(request))
    case .delay(let delay):
      return .answer(judge(request), delay: configuration.latency + delay)
    }
  }

  private func judge(_ request: SimulatedRequest) -> SimulatedAnswer {
    simulation.answer(request, in: world)
  }

  static var bodyTooLong: SimulatedAnswer {
    .text("The body is longer than \(maxBodyBytes) bytes.\n", status: 413)
  }

  func reset() {
    world.reset()
    faults.clear()
  }
}
