import NIOHTTP1
import PushCore
import Synchronization

/// The receipts of one simulation, on their way into calls.
final class ReportBook: Sendable {
  struct Report: Sendable {
    var url: String
    /// No two of one call have the same; nil: any may stand together.
    var key: String? = nil
    var value: JSON
  }

  /// What a call holds.
  struct Call: Sendable {
    var contentType: String
    var body: [UInt8]
  }

  /// Customer's servers that receipts are gathered for.
  private static let maxServers = 1_000

  private struct State {
    var habits: ReportingHabits
    var gathered: [String: [Report]] = [:]
  }

  private let state: Mutex<State>
  private let write: @Sendable ([Report]) -> Call

  init(_ habits: ReportingHabits, write: @escaping @Sendable ([Report]) -> Call) {
    state = Mutex(State(habits: habits))
    self.write = write
  }

  func change(_ habits: ReportingHabits) { state.withLock { $0.habits = habits } }

  /// Adds what one request gave rise to: it goes together as far as it may.
  func add(_ reports: [Report], in world: SimulatedWorld) {
    let (full, habits) = state.withLock { state in
      var full: [[Report]] = []
      for report in reports { full += Self.add(report, &state) }
      for url in Set(reports.map(\.url)) { full += Self.take(url, &state) }
      return (full, state.habits)
    }
    for call in full { send(call, habits, in: world) }
  }

  /// Sends what is still being gathered.
  func flush(in world: SimulatedWorld) {
    let (calls, habits) = state.withLock { state in
      defer { state.gathered = [:] }
      return (Array(state.gathered.values), state.habits)
    }
    for call in calls { send(call, habits, in: world) }
  }

  /// - Returns: What can't wait for it, as no two of one call have the same key.
  private static func add(_ report: Report, _ state: inout State) -> [[Report]] {
    var full: [[Report]] = []
    if let key = report.key,
      state.gathered[report.url]?.contains(where: { $0.key == key }) == true,
      let reports = state.gathered.removeValue(forKey: report.url)
    {
      full.append(reports)
    }
    state.gathered[report.url, default: []].append(report)
    return full
  }

  /// - Returns: The server's reports where there are enough for a call, or too many servers.
  private static func take(_ url: String, _ state: inout State) -> [[Report]] {
    guard let reports = state.gathered[url],
      reports.count >= state.habits.reportsPerCall || state.gathered.count > maxServers
    else { return [] }
    state.gathered[url] = nil
    return [reports]
  }

  private func send(_ reports: [Report], _ habits: ReportingHabits, in world: SimulatedWorld) {
    guard let url = reports.first?.url else { return }
    let call = write(reports)
    for _ in 0..<(habits.comesTwice ? 2 : 1) {
      world.send(
        SimulatedReceipt(
          url: url, headers: [("content-type", call.contentType)], body: call.body,
          delay: habits.delay))
    }
  }
}

// MARK: - Control

extension ReportBook {
  /// Answers the control requests of `POST /reports` and below.
  /// - Returns: Nil for any other.
  func control(
    _ request: ControlRequest, in world: SimulatedWorld
  ) throws(FieldError) -> ControlAnswer? {
    switch (request.method, request.path) {
    case (.POST, "/reports"):
      change(try ReportingHabits.read(request.body))
      return .json([:])
    case (.POST, "/reports/flush"):
      flush(in: world)
      return .json([:])
    default: return nil
    }
  }
}
