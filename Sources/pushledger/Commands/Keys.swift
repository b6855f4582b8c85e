import ArgumentParser
import Ledger
import PushCore

struct Keys: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Creates, lists and revokes keys of the HTTP API.",
    discussion: "EXAMPLE\n  pushledger keys list chat",
    subcommands: [KeysCreate.self, KeysList.self, KeysRevoke.self])
}

struct KeysCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Creates a key and shows it, this once.",
    discussion: """
      Scopes: send (messages, users, groups, events), device (devices and their state), read, \
      admin.

      EXAMPLE
        pushledger keys create chat --scope send --scope device --label backend
      """)

  @Argument(help: "The app that the key speaks for.") var app: String
  @Option(help: "send, device, read or admin; may be given again.") var scope: [String]
  @Option(help: "What it is for.") var label = ""
  @Flag(help: "Print only the key.") var quiet = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    let scopes = try scope.map { text in
      guard let scope = APIScope(rawValue: text) else {
        throw ValidationError("--scope is \(text.given); send, device, read or admin is expected.")
      }
      return scope
    }
    try await Session.run(common, "keys") { session in
      let key = try await APIKeys(session.pool).create(
        for: id, scopes: Set(scopes), label: label)
      Output.line(key.text)
      if !quiet { Output.note("Keep it now: it is stored as a hash and cannot be shown again.") }
    }
  }
}

struct KeysList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists an app's keys, without their secrets.",
    discussion: "EXAMPLE\n  pushledger keys list chat --json")

  @Argument(help: "The app.") var app: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "keys") { session in
      try await session.requireApp(id)
      let keys = try await APIKeys(session.pool).list(of: id)
      if json {
        Output.json(.array(keys.map(Self.json)))
        return
      }
      var table = Table("key", "scopes", "label", "created", "revoked")
      for key in keys {
        table.add(
          key.id, key.scopes.map(\.rawValue).sorted().joined(separator: " "), key.label,
          key.createdAt.description, key.revokedAt?.description ?? "")
      }
      Output.line(
        table.isEmpty
          ? "No keys. Create one: pushledger keys create \(id) --scope send" : table.text())
    }
  }

  private static func json(_ key: APIKey) -> JSON {
    [
      "key": .string(key.id),
      "scopes": .array(key.scopes.map(\.rawValue).sorted().map { .string($0) }),
      "label": .string(key.label), "created_at": .string(key.createdAt.description),
      "revoked_at": key.revokedAt.map { .string($0.description) } ?? .null,
    ]
  }
}

struct KeysRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Makes a key worthless, everywhere within 5 seconds.",
    discussion: "EXAMPLE\n  pushledger keys revoke chat chat.b3GNexyCTcGg")

  @Argument(help: "The app.") var app: String
  @Argument(help: "The key's id, as `keys list` shows it; the whole key does as well.")
  var key: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let id = try AppID(argument: app)
    try await Session.run(common, "keys") { session in
      try await session.requireApp(id)
      try await APIKeys(session.pool).revoke(keyID, of: id)
      Output.line("Revoked \(keyID).")
    }
  }

  /// Without the secret of a whole key, so that it is shown nowhere.
  private var keyID: String {
    guard key.hasPrefix("plk_"), let mark = key.lastIndex(of: "_") else { return key }
    return String(key[..<mark].dropFirst("plk_".count))
  }
}
