import PushCore
import Synchronization

/// How many messages a project sent, and how many pushes a phone got: Google's quotas.
final class FCMMeter: Sendable {
  /// So many from its first one on.
  private struct Window {
    var startedAt: Timestamp
    var count = 0

    /// Whether another one may follow; once the length is over, it starts a new window.
    mutating func hasRoom(_ limit: Int, in length: Duration, at now: Timestamp) -> Bool {
      if now - startedAt >= length { self = Window(startedAt: now) }
      return count < limit
    }
  }

  private struct Device {
    var minute: Window
    var hour: Window
  }

  private struct State {
    var projects: [String: Window] = [:]
    /// By a hash of the token: phones are many and tokens long.
    var devices: [Int: Device] = [:]
  }

  /// Beyond so many phones all are counted anew.
  private static let maxDevices = 1_000_000
  private static let maxProjects = 10_000
  private static let minute = Duration.seconds(60)
  private static let hour = Duration.seconds(3_600)

  private let state = Mutex(State())

  /// - Returns: How long to wait until the project may send again; nil where it may now.
  func takeMessage(of project: String, limit: Int, at now: Timestamp) -> Duration? {
    state.withLock { state in
      if state.projects.count >= Self.maxProjects { state.projects = [:] }
      var window = state.projects[project] ?? Window(startedAt: now)
      let isTaken = window.hasRoom(limit, in: Self.minute, at: now)
      if isTaken { window.count += 1 }
      state.projects[project] = window
      return isTaken ? nil : window.startedAt + Self.minute - now
    }
  }

  /// - Returns: False where the phone had too many.
  func takePush(
    to token: String, _ settings: FCMSimulation.Settings, at now: Timestamp
  ) -> Bool {
    let name = token.hashValue
    return state.withLock { state in
      if state.devices.count >= Self.maxDevices { state.devices = [:] }
      var device =
        state.devices[name]
        ?? Device(minute: Window(startedAt: now), hour: Window(startedAt: now))
      let isTaken =
        device.hour.hasRoom(settings.devicePerHour, in: Self.hour, at: now)
        && device.minute.hasRoom(settings.devicePerMinute, in: Self.minute, at: now)
      if isTaken {
        device.hour.count += 1
        device.minute.count += 1
      }
      state.devices[name] = device
      return isTaken
    }
  }
}
