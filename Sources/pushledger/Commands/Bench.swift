import ArgumentParser
import Foundation
import Ledger
import Logging
import Postgres
import PushCore

struct Bench: AsyncParsableCommand {
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case messages, tencent
    case imports = "import"
    case fold, rebuild, group, dispatch, fcm, ids, trouble, latency, pages, callback

    /// Whether it takes the made-up history as a file.
    var readsHistory: Bool {
      switch self {
      case .messages, .tencent, .group, .latency, .pages, .callback: false
      case .imports, .fold, .rebuild, .dispatch, .fcm, .ids, .trouble: true
      }
    }
  }

  static let configuration = CommandConfiguration(
    abstract: "Measures PushLedger on this machine, each figure beside its yardstick.",
    discussion: """
      Client, server, simulator and this process are one; the database is one of its own on the \
      server of PUSHLEDGER_DATABASE_URL, or on the private server of the data folder, and is \
      dropped at the end. Each line says what is to be reached, and what the same work costs done \
      another way in the same run: on a shared machine trust that ratio first.

      EXAMPLES
        pushledger bench
        pushledger bench --only import --only fold --file events.ndjson.gz
        pushledger bench --seconds 10 --json > bench.json
        pushledger bench --only pages --events 10000000

      Exits 1 where a figure is not reached.
      """)

  static let connections = 64

  @Option(
    help: ArgumentHelp(
      "Measure only this: " + Part.allCases.map(\.rawValue).joined(separator: ", ")
        + "; repeatable."))
  var only: [Part] = []
  @Option(
    help: """
      Seconds that messages are sent, for each measurement over HTTP; each of the console's pages is \
      asked for 40 times as often.
      """)
  var seconds = 5
  @Option(
    help: """
      Events of the made-up history that is imported, folded and dispatched, and of the one that \
      pages show.
      """)
  var events = 20_000
  @Option(help: "Streams of the callback channel; fewer where no more files may be open.")
  var streams = 20_000
  @Option(help: "An event file to take instead, plain or gzip.") var file: String?
  @Option(help: "Where the private PostgreSQL is kept.") var data: String?
  @Flag(help: "Print JSON.") var json = false
  // How this command starts the clients of streams as a process of their own.
  @Option(help: .private) var holdStreams: Int?
  @Option(help: .private) var holdUntil = 0
  @Option(help: .private) var holdPort = 0
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...600).contains(seconds) else {
      throw ValidationError("--seconds is \(seconds); 1 to 600 are expected.")
    }
    guard (100...50_000).contains(streams) else {
      throw ValidationError("--streams is \(streams); 100 to 50000 are expected.")
    }
    guard (5_000...20_000_000).contains(events) else {
      throw ValidationError("--events is \(events); 5000 to 20000000 are expected.")
    }
  }

  func run() async throws {
    if let holdStreams {
      try await StreamClients.hold(streams: holdStreams, until: holdUntil, port: holdPort)
      return
    }
    Memory.shareOneArena()
    let (settings, logger) = try await common.start([.dataFolder: data])
    let lines = try await PrivatePostgres.lend(settings, for: "bench") { postgres in
      try await measure(settings, postgres, logger)
    }
    show(lines)
    if !lines.allSatisfy(\.isReached) { throw ExitCode.failure }
  }

  private func measure(
    _ settings: Settings, _ admin: PostgresConfiguration, _ logger: Logger
  ) async throws -> [BenchLine] {
    let parts = Part.allCases.filter { only.isEmpty || only.contains($0) }
    let path: String
    if let file {
      path = file
    } else {
      path = NSTemporaryDirectory() + "/pushledger-bench-\(UUID().uuidString).ndjson"
      if parts.contains(where: \.readsHistory) { try BenchHistory.write(events, to: path) }
    }
    defer { if file == nil { try? FileManager.default.removeItem(atPath: path) } }
    var lines: [BenchLine] = []
    var peak: Double?
    for part in parts {
      // Many streams take much; all else is told without them.
      if part == .callback { peak = try Self.peakMegabytes() }
      Output.note("Measuring \(part.rawValue) …")
      lines += try await BenchSite.run(settings, admin, logger) { site in
        switch part {
        case .messages: try await messages(site)
        case .tencent: try await tencent(site)
        case .imports: try await imports(site, admin, path)
        case .fold: try await folds(site, path)
        case .rebuild: try await rebuilds(site, path)
        case .group: try await groupMessages(site)
        case .dispatch: try await dispatches(site, path)
        case .fcm: try await dispatchesFCM(site, path)
        case .ids: try await comparesIDs(site, path)
        case .trouble: try await dispatchesInTrouble(site, admin, path)
        case .latency: try await latencies(site)
        case .pages: try await pages(site)
        case .callback: try await callbacks(site)
        }
      }
    }
    lines.append(
      BenchLine(
        what: "memory of this process at its most, without streams",
        value: try peak ?? Self.peakMegabytes(), unit: "MB",
        goal: .below(300), yardstick: nil))
    return lines
  }

  private func show(_ lines: [BenchLine]) {
    if json {
      Output.json(.array(lines.map(\.json)))
      return
    }
    var table = Table("what", "measured", "reach", "beside", "reached")
    for line in lines { table.add(line.cells) }
    Output.line(table.text())
  }

  /// The largest resident set so far. Source: proc(5), `VmHWM` of /proc/self/status, in KiB.
  private static func peakMegabytes() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let kilobytes = status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap({ Double($0.1) })
    else { throw BenchError.noMemoryFigure }
    return kilobytes * 1_024 / 1_000_000
  }
}

enum BenchError: Error, CustomStringConvertible {
  case refused(Int)
  case lost(due: Int, received: Int)
  case noMemoryFigure
  case clientsFailed
  case notSignedIn(UInt)
  case noPage(String, status: UInt)

  var description: String {
    switch self {
    case .refused(let count): "\(count) requests were refused, so nothing was measured."
    case .lost(let due, let received):
      "\(due) pushes were due and the simulator accepted \(received), so nothing was measured."
    case .noMemoryFigure: "The system does not say what this process holds or may hold."
    case .clientsFailed: "The clients of the streams failed, so nothing was measured."
    case .notSignedIn(let status): "Signing in to the console was answered with \(status)."
    case .noPage(let path, let status): "\(path) was answered with \(status)."
    }
  }
}
