import ServiceLifecycle

/// Says that a process works, and not before a signal would stop it gracefully: services start once
/// the signals are taken care of.
struct Announcement: Service {
  let lines: [String]

  init(_ lines: [String]) { self.lines = lines }

  init(_ line: String) { self.init([line]) }

  func run() async throws {
    for line in lines { Output.line(line) }
    try? await gracefulShutdown()
  }
}
