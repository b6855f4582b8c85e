import ArgumentParser
import Foundation
import Projections
import PushCore

struct ProjectionsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Adds a projection of your own from a folder, or begins to replace it.",
    discussion: """
      The folder holds projection.json, which names it, and projection.sql, which makes its tables \
      and a function fold(events pushledger.event[]) that changes them. Both are kept in the \
      database; docs/own-projections.md says what they may hold.

      A new one is folded from position 1 by every `pushledger project` and `up` that runs. Where \
      the SQL or the types are others than those that serve, the new tables are made beside: \
      `pushledger projections rebuild` folds them, and swaps.

      EXAMPLES
        pushledger projections add examples/daily-active-conversations
        pushledger projections status daily_active_conversations
        psql -c 'select * from projection_daily_active_conversations.daily_active'
      """)

  @Argument(help: "The folder.") var folder: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let (manifest, sql) = try read()
    try await Session.run(common, "projections") { session in
      let done = try await AddedProjections(session.pool).add(manifest, sql: sql)
      if json {
        Output.json(["projection": .string(manifest.name.rawValue), "done": .string(done.rawValue)])
      } else {
        Output.line(Self.text(manifest.name, done))
      }
    }
  }

  private static func text(_ name: ProjectionName, _ done: AddedProjections.Addition) -> String {
    switch done {
    case .added:
      "\(name) is added; its tables are in schema projection_\(name). `pushledger project` folds "
        + "it from position 1."
    case .changed: "\(name) is described anew. Its tables stay as they are."
    case .unchanged: "\(name) is there already, and the same."
    case .beside:
      "\(name) is being replaced: its new tables stand beside those that serve. Fold them, and let "
        + "them serve: pushledger projections rebuild \(name)"
    }
  }

  private func read() throws -> (ProjectionManifest, String) {
    let manifest = try file("projection.json", most: ProjectionManifest.manifestBytes)
    let sql = try file("projection.sql", most: ProjectionManifest.sqlBytes)
    guard let text = String(validating: sql, as: UTF8.self), !sql.contains(0) else {
      throw ValidationError(
        "\(path("projection.sql")) is no text in UTF-8 without zero bytes. Save it as UTF-8.")
    }
    do {
      return (try ProjectionManifest(try JSON.parse(manifest)), text)
    } catch {
      throw ValidationError("\(path("projection.json")): \(error)")
    }
  }

  private func file(_ name: String, most: Int) throws -> [UInt8] {
    let path = path(name)
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw ValidationError(
        "\(path) cannot be read. A projection's folder holds projection.json and projection.sql.")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: most + 1) else {
      throw ValidationError("\(path) is empty or cannot be read.")
    }
    guard data.count <= most else {
      throw ValidationError("\(path) has more than \(most) bytes, which is the most allowed.")
    }
    return Array(data)
  }

  private func path(_ name: String) -> String {
    URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(name).relativePath
  }
}

struct ProjectionsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Removes a projection that was added, with its tables and checkpoints.",
    discussion: """
      What it held can be made again from the events: add it again.

      EXAMPLE
        pushledger projections remove daily_active_conversations
      """)

  @Argument(help: "The projection.") var projection: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session.run(common, "projections") { session in
      let name = try await ProjectionControl(session.pool).require(projection)
      try await AddedProjections(session.pool).remove(name)
      Output.line("\(name) is removed.")
    }
  }
}
