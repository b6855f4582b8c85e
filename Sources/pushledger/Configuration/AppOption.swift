import ArgumentParser
import Ledger
import PushCore

/// Which app a command looks at; it need not be named where there is one alone.
struct AppOption: ParsableArguments {
  @Option(help: "The app; may be left out where there is one only.") var app: String?

  /// - Throws: ``ValidationError`` for a name that can be none, and where it is needed;
  ///   ``Ledger/AppsError`` where there is no such app.
  func resolve(_ session: Session) async throws -> AppID {
    if let app {
      let id = try AppID(argument: app, "--app")
      try await session.requireApp(id)
      return id
    }
    let apps = try await Apps(session.pool).list().map(\.id)
    if let only = apps.first, apps.count == 1 { return only }
    guard !apps.isEmpty else {
      throw ValidationError("There is no app. Create one: pushledger apps create NAME")
    }
    throw ValidationError(
      "Name the app with --app: \(apps.map(\.rawValue).sorted().joined(separator: ", ")).")
  }
}

extension EntityID {
  /// Reads an id off the command line.
  ///
  /// - Throws: ``ValidationError`` naming where it stood, what was given and what is expected.
  init(argument text: String, _ name: String) throws {
    do {
      self = try Self(validating: text, field: name)
    } catch {
      throw ValidationError(argument: text, name, error.problem)
    }
  }
}
