import ArgumentParser
import Foundation
import Ledger
import Projections
import PushCore

/// A replay as it was asked for, and how it is run.
struct ReplayTask: Sendable {
  let bound: ReplayBound
  let language: MessageContent.Language?
  let filter: ReplayFilter
  private let whatIf: WhatIf?
  private let shows: Bool
  private let steps: Bool
  private let asJSON: Bool
  private let limit: Int
  private let decisionsFile: String?
  private let unreadFile: String?

  /// - Throws: ``ValidationError`` naming the option that is wrong.
  init(_ command: ReplayCommand) throws {
    bound = ReplayBound(
      position: command.toPosition,
      moment: try command.at.map { try Timestamp(argument: $0, "--at") })
    language = command.language.flatMap(MessageContent.Language.init(rawValue:))
    filter = ReplayFilter(
      users: Set(try command.user.map { try UserID(argument: $0, "--user") }),
      message: try command.message.map { try MessageID(argument: $0, "--message") },
      types: Set(try command.type.map(Self.type)))
    whatIf = try command.whatIf.map(Self.whatIf)
    shows = command.trace || command.step
    steps = command.step
    asJSON = command.json
    limit = command.limit
    decisionsFile = command.decisions
    unreadFile = command.unread
  }

  private static func type(_ text: String) throws -> EventType {
    guard let type = EventType(rawValue: text) else {
      let known = EventType.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--type is \(text.given); one of \(known) is expected.")
    }
    return type
  }

  private static func whatIf(_ path: String) throws -> WhatIf {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ValidationError("The file \(path) of --what-if cannot be read. Name one that is there.")
    }
    do {
      return try WhatIf(try JSON.parse(Array(bytes)))
    } catch let error as FieldError {
      throw ValidationError("--what-if \(path): \(error)")
    } catch {
      throw ValidationError("--what-if \(path) is no JSON: \(error)")
    }
  }

  // MARK: Running

  func run(_ app: AppID, _ session: Session) async throws {
    try await run(
      try await ReplaySource.ledger(
        app, bound, users: try await readUsers(app, session), language: language, session))
  }

  /// Whose decisions must be right; empty: everybody's.
  private func readUsers(_ app: AppID, _ session: Session) async throws -> Set<UserID> {
    if !filter.users.isEmpty { return filter.users.union(whatIf?.onlyUsers ?? []) }
    if let message = filter.message {
      let users = try await ReplayReader.recipients(of: message, app: app, session.pool)
      return users.map { $0.union(whatIf?.onlyUsers ?? []) } ?? []
    }
    return whatIf?.onlyUsers ?? []
  }

  func run(_ source: ReplaySource) async throws {
    var source = source
    let clock = ContinuousClock()
    let start = clock.now
    // A partial replay decides rightly for those alone whose events it read.
    var filter = filter
    if source.isPartial, filter.users.isEmpty, filter.message == nil {
      filter.users = whatIf?.onlyUsers ?? []
    }
    var replay = Replay(
      settings: source.settings,
      deliveries: DeliveryTable(app: source.app, tracksMoves: shows), filter: filter)
    replay.skipped = source.skipped
    if let start = source.start { replay.begin(at: start) }
    let done: Replay
    if let whatIf {
      done = try await compare(WhatIfReplay(whatIf, base: replay, message: filter.message), &source)
    } else {
      done = try await fold(replay, &source)
    }
    try check(done, source)
    let summary = ReplaySummary(
      app: source.app, replay: done, last: source.last,
      recordedAt: done.position == source.last ? done.recordedAt : source.lastRecordedAt,
      read: source.read, start: source.start?.position, isPartial: source.isPartial,
      duration: clock.now - start)
    if let unreadFile {
      try Output.file(
        unreadFile, "--unread",
        done.unread(of: filter.users.isEmpty ? nil : filter.users).serialized())
    }
    if shows {
      if !asJSON { Output.note(summary.headline) }
    } else if whatIf == nil {
      if asJSON { Output.json(summary.json) } else { Output.line(summary.text) }
    }
  }

  /// - Throws: ``ValidationError`` where those that are watched are not known.
  private func check(_ replay: Replay, _ source: ReplaySource) throws {
    if let unknown = filter.users.sorted().first(where: { !replay.knows($0) }) {
      throw ValidationError(
        "--user is \(unknown); no event of \(source.app) up to position \(source.last) is about "
          + "them.")
    }
    if let message = filter.message, replay.counts.messages == 0 {
      let archived = source.start.map {
        " Messages up to position \($0.position) are in its archive, and not here."
      }
      throw ValidationError(
        "--message is \(message); \(source.app) has no such message up to position "
          + "\(source.last)." + (archived ?? ""))
    }
  }

  private func fold(_ replay: Replay, _ source: inout ReplaySource) async throws -> Replay {
    var replay = replay
    var writer = try decisionsFile.map { try DecisionFile($0, replay.filter) }
    var watch = ReplayWatch(filter)
    var trace = ReplayTrace(asJSON: asJSON)
    var keys: StepKeys? = steps ? StepKeys() : nil
    reading: while let events = try await source.next() {
      for event in events {
        let outputs = replay.apply(event)
        try writer?.add(outputs)
        guard shows, let step = watch.step(event, outputs, in: replay) else { continue }
        trace.show(step)
        switch keys?.wait() {
        case .quit: break reading
        case .all: keys = nil
        case .next, nil: continue
        }
      }
    }
    try writer?.finish()
    return replay
  }

  private func compare(
    _ replay: WhatIfReplay, _ source: inout ReplaySource
  ) async throws -> Replay {
    var replay = replay
    var differences = WhatIfReport.Differences(limit: limit)
    while let events = try await source.next() {
      for event in events { differences.add(replay.apply(event)) }
    }
    try check(replay.base, source)
    let report = WhatIfReport(replay, differences)
    try report.check()
    if asJSON { Output.json(report.json) } else { Output.line(report.text) }
    return replay.base
  }
}

/// The decisions of a replay, as `pushledger decisions` prints them, written as they come.
struct DecisionFile: ~Copyable {
  /// Bytes gathered before they are written.
  private static let chunkBytes = 256 * 1024

  private let path: String
  private let filter: ReplayFilter
  private let handle: FileHandle
  private var bytes: [UInt8] = []

  init(_ path: String, _ filter: ReplayFilter) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else {
      throw ValidationError(
        "The file \(path) of --decisions cannot be written. Name one in a folder that is there.")
    }
    self.path = path
    self.filter = filter
    self.handle = handle
  }

  mutating func add(_ outputs: [FoldOutput]) throws {
    for case .decided(var decided) in outputs {
      decided.keep(filter)
      decided.write(into: &bytes)
    }
    if bytes.count >= Self.chunkBytes { try finish() }
  }

  /// Writes what was gathered.
  mutating func finish() throws {
    do {
      try handle.write(contentsOf: bytes)
    } catch {
      throw ValidationError("The file \(path) of --decisions cannot be written: the disk is full.")
    }
    bytes.removeAll(keepingCapacity: true)
  }
}
