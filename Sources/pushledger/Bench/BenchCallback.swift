import Foundation
import Ledger
import PushCore
import Synchronization
import API

extension Bench {
  private static let notifications = 2_000
  private static let notificationsPerSecond = 200
  /// Files that this process needs beside its streams.
  private static let otherFiles = 512

  /// Idle streams of the callback channel, and what is told on them. The clients are a process of
  /// their own; server, projector and database's connections are this one.
  func callbacks(_ site: BenchSite) async throws -> [BenchLine] {
    let wanted = min(streams, try Self.openFiles() - Self.otherFiles)
    let app = AppID(unchecked: "callback")
    let key = try await site.withPool { pool in
      try await Apps(pool).create(app)
      return try await APIKeys(pool).create(for: app, scopes: [.device], label: "bench").text
    }
    let listening = Listening()
    let appending = Mutex<Appender?>(nil)
    return try await site.withRoles { roles in
      try roles.addProjector()
      try roles.addAPI { listening.set($0) }
      appending.withLock { $0 = roles.appender }
    } _: {
      guard let port = await listening.wait(), let appender = appending.withLock({ $0 }) else {
        throw CancellationError()
      }
      try await Self.register(wanted, in: app, appender)
      let before = try Self.residentMegabytes()
      let watch = Stopwatch()
      let clients = try StreamClients.start(
        streams: wanted, notifications: Self.notifications, port: port, key: key)
      try await clients.waitUntilReady()
      let opening = watch.seconds
      // By then each has shown a sign of life.
      try await Task.sleep(for: APILimits.streamHeartbeat + .seconds(1))
      let idle = try Self.residentMegabytes() - before
      try await Self.tell(to: wanted, in: app, appender)
      let latencies = try await clients.finish()
      let busy = try Self.residentMegabytes() - before
      Output.note(
        "\(wanted.grouped) streams were open after \(Int(opening)) s and took \(Int(idle)) MB; with "
          + "what the projector keeps of \(Self.notifications) messages \(Int(busy)) MB.")
      return [
        BenchLine(
          what: "memory of 20,000 idle streams, from that of \(wanted.grouped)",
          value: idle / Double(wanted) * 20_000, unit: "MB", goal: .below(400),
          yardstick: nil),
        BenchLine(
          what: "append to a stream's client, \(Self.notificationsPerSecond) a second, p50",
          value: latencies.p50, unit: "ms", goal: .below(20), yardstick: nil),
        BenchLine(
          what: "  its p99", value: latencies.p99, unit: "ms", goal: .below(50), yardstick: nil),
      ]
    }
  }

  /// What this process may open, raised as far as it may. Source: getrlimit(2).
  private static func openFiles() throws -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { throw BenchError.noMemoryFigure }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(resource, &limit)
    return Int(clamping: limit.rlim_max)
  }

  private static func register(_ count: Int, in app: AppID, _ appender: Appender) async throws {
    for start in stride(from: 0, to: count, by: Limits.eventsPerAppend) {
      let users = start..<min(start + Limits.eventsPerAppend, count)
      let events = try users.map { user in
        try EventDoor.event(
          id: UUID(), type: .deviceRegistered, occurredAt: .systemClock(),
          data: [
            "user": .string(StreamClients.user(user)), "device": "phone", "platform": "android",
            "provider": "callback",
          ], content: ["token": "stream"])
      }
      _ = try await appender.append(events, to: app)
    }
  }

  /// Sends messages at a steady pace, each with the time at which it was appended.
  private static func tell(to count: Int, in app: AppID, _ appender: Appender) async throws {
    let start = ContinuousClock.now
    try await withThrowingDiscardingTaskGroup { group in
      for number in 0..<notifications {
        try await Task.sleep(
          until: start + .seconds(1) * number / notificationsPerSecond,
          tolerance: .microseconds(100), clock: .continuous)
        // A stride that meets users all over.
        let user = StreamClients.user(number * 7_919 % count)
        group.addTask {
          let now = Timestamp.systemClock()
          let event = try EventDoor.event(
            id: UUID(), type: .messageSent, occurredAt: now,
            data: [
              "message_id": .string("c\(number)"), "from": "ann",
              "conversation": ["user": .string(user)],
            ],
            content: [
              "elements": [
                [
                  "MsgType": "TIMTextElem",
                  "MsgContent": ["Text": .string(StreamClients.text(sentAt: now))],
                ]
              ]
            ])
          _ = try await appender.append([event], to: app)
        }
      }
    }
  }

  /// The resident set at this moment. Source: proc(5), `VmRSS` of /proc/self/status, in KiB.
  private static func residentMegabytes() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let kilobytes = status.firstMatch(of: /VmRSS:\s+(\d+) kB/).flatMap({ Double($0.1) })
    else { throw BenchError.noMemoryFigure }
    return kilobytes * 1_024 / 1_000_000
  }
}
