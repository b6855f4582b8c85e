import Foundation
import Synchronization
import Testing

/// The processes of a deployment: the API, two projectors, two dispatchers.
final class Fleet: Sendable {
  enum Role: CaseIterable {
    case serve, firstProjector, secondProjector, firstDispatcher, secondDispatcher

    fileprivate var arguments: [String] {
      switch self {
      case .serve: ["serve", "--port", "0"]
      case .firstProjector, .secondProjector: ["project"]
      case .firstDispatcher, .secondDispatcher: ["dispatch"]
      }
    }

    /// What it prints once it works.
    fileprivate var greeting: String {
      switch self {
      case .serve: "listens on"
      case .firstProjector, .secondProjector: "Projecting."
      case .firstDispatcher, .secondDispatcher: "Dispatching."
      }
    }
  }

  /// The API's port, each time that it listens.
  let ports: AsyncStream<String>
  private let port: AsyncStream<String>.Continuation
  private let rig: CommandRig
  private let processes = Mutex<[Role: RunningCommand]>([:])

  init(_ rig: CommandRig) {
    self.rig = rig
    (ports, port) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func start(_ roles: [Role] = Role.allCases) async throws {
    for role in roles {
      let process = try rig.start(role.arguments)
      processes.withLock { $0[role] = process }
      guard let line = await process.line(containing: role.greeting) else {
        throw CommandFailure(command: await process.finished())
      }
      if role == .serve, let found = line.firstMatch(of: /:(\d+)\/v1/)?.output.1 {
        port.yield(String(found))
      }
    }
  }

  /// Ends processes at once, all at the same time.
  func kill(_ roles: [Role]) async {
    let chosen = processes.withLock { processes in roles.compactMap { processes[$0] } }
    for process in chosen {
      #expect(process.isRunning, "\(process.arguments) ended by itself: \(process.errors)")
      process.signal(SIGKILL)
    }
    for process in chosen { _ = await process.finished() }
  }

  /// Asks processes to stop: each must exit 0.
  func stop(_ roles: [Role]) async {
    for role in roles {
      guard let process = processes.withLock({ $0[role] }) else { continue }
      let done = await process.stop()
      #expect(done.status == 0, "\(done)")
    }
  }
}
