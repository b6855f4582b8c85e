import Ledger
import Providers
import PushCore

/// The credentials of all apps, read and checked, and what is paused.
struct CredentialBook: Sendable {
  struct Entry: Sendable {
    var loaded: LoadedCredential
    var id: CredentialID
    /// What a provider sends with, or what is wrong with it.
    var credential: Result<ProviderCredential, FieldError>
  }

  struct Holder: Hashable, Sendable {
    var app: AppID
    var provider: ProviderName
  }

  private(set) var entries: [Holder: [Entry]] = [:]
  private(set) var pauses: [DispatchPause] = []
  private var lastVersion = 0

  /// The book of what is stored now. A credential that did not change keeps its version, and is
  /// not checked again.
  func updated(
    with stored: [LoadedCredential], pauses: [DispatchPause] = []
  ) -> CredentialBook {
    var known: [CredentialName: Entry] = [:]
    for entry in entries.values.joined() { known[CredentialName(entry.id)] = entry }
    var book = CredentialBook()
    book.lastVersion = lastVersion
    book.pauses = pauses
    for loaded in stored {
      let summary = loaded.summary
      let name = CredentialName(app: summary.app, provider: summary.provider, id: summary.id)
      if let entry = known[name], entry.loaded == loaded {
        book.add(entry)
        continue
      }
      book.lastVersion += 1
      book.add(
        Entry(
          loaded: loaded,
          id: CredentialID(
            app: name.app, provider: name.provider, id: name.id, version: book.lastVersion),
          credential: Self.check(loaded)))
    }
    return book
  }

  /// Whether a credential is still what it was.
  func holds(_ id: CredentialID) -> Bool {
    entries[Holder(app: id.app, provider: id.provider)]?.contains { $0.id == id } ?? false
  }

  func isPaused(_ app: AppID, _ provider: ProviderName) -> Bool {
    pauses.contains { $0.holds(app, provider) }
  }

  /// The apps of which something is paused here and not there, or there and not here.
  func appsPausedOtherwise(than other: CredentialBook) -> Set<AppID> {
    let differing = pauses.filter { pause in
      !other.pauses.contains { $0.app == pause.app && $0.provider == pause.provider }
    }
    let lacking = other.pauses.filter { pause in
      !pauses.contains { $0.app == pause.app && $0.provider == pause.provider }
    }
    return Set((differing + lacking).map(\.app))
  }

  private mutating func add(_ entry: Entry) {
    entries[Holder(app: entry.id.app, provider: entry.id.provider), default: []].append(entry)
  }

  private static func check(_ loaded: LoadedCredential) -> Result<ProviderCredential, FieldError> {
    let summary = loaded.summary
    return Result { () throws(FieldError) in
      try ProviderCredential(
        StoredCredential(
          app: summary.app, provider: summary.provider, id: summary.id, topics: summary.topics,
          environment: summary.environment?.rawValue, settings: summary.settings,
          secret: SecretText(try loaded.secret.get())))
    }
  }
}

/// A credential by its name, whatever its state.
struct CredentialName: Hashable, Sendable {
  var app: AppID
  var provider: ProviderName
  var id: String
}

extension CredentialName {
  init(_ id: CredentialID) {
    self.init(app: id.app, provider: id.provider, id: id.id)
  }
}
