import Hummingbird
import Ledger
import Projections
import PushCore

/// One field that finds everything by its id.
struct SearchPage: Sendable {
  let desk: PageDesk
  let reader: SearchReader

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/search") { request, context in try await search(request, context) }
  }

  private func search(_ request: Request, _ context: ConsoleContext) async throws -> Response {
    guard let app = context.session?.caller.app else { throw Refusal.signedOut }
    guard let text = try AddressFields(request).text("q", maxBytes: SearchTerm.maxBytes) else {
      return desk.page("search", title: "Search", SearchSheet(), context)
    }
    let term = SearchTerm(text: text)
    let found = try await reader.find(term, of: app)
    let paths = Set(found.hits.map(\.path))
    if paths.count == 1, found.hasMore.isEmpty, let path = paths.first ?? nil { return .see(path) }
    let sheet = SearchSheet(term, found)
    return desk.page(
      "search", title: "Search", sheet, context, sought: sheet.sought ?? "",
      status: found.hits.isEmpty ? .notFound : .ok)
  }
}

/// What was found, as the template `search` shows it.
struct SearchSheet: Sendable {
  struct Hit: Sendable {
    let kind: String
    let found: PageID
    let note: String
  }

  struct Missed: Sendable {
    let kind: String
    let sentence: String
  }

  /// Nil where nothing was looked for.
  let sought: String?
  let lede: String
  let hasHits: Bool
  let hits: [Hit]
  let moreNote: String?
  let missedTitle: String
  let hasMissed: Bool
  let missed: [Missed]
  let archiveNote: String?

  /// What can be looked for.
  init() {
    sought = nil
    lede = "Type or paste an id into the field above; the key / leads there."
    (hasHits, hits, moreNote, archiveNote) = (false, [], nil, nil)
    missedTitle = "What is found"
    missed = SearchKind.allCases.map { Missed(kind: $0.rawValue, sentence: $0.sentence) }
    hasMissed = true
  }

  init(_ term: SearchTerm, _ found: SearchReader.Found) {
    let kinds = Set(found.hits.map(\.kind))
    // A token is shown to nobody, not even to who pasted it.
    sought =
      found.isTokenItself ? DeviceRegistration.fingerprint(.string(term.text)) : term.text
    lede =
      found.hits.isEmpty
      ? "Nothing in this app is known by this."
      : "\(found.hits.count.grouped) things are known by this. Which one?"
    hits = found.hits.map { hit in
      Hit(
        kind: hit.kind.rawValue, found: PageID(id: hit.id, link: hit.path), note: hit.note)
    }
    hasHits = !hits.isEmpty
    moreNote =
      found.hasMore.isEmpty
      ? nil : "There are more; of each kind the first \(SearchReader.limit) are shown."
    missed = SearchKind.allCases.filter { !kinds.contains($0) }.map { kind in
      Missed(kind: kind.rawValue, sentence: "there is not " + kind.sentence + Self.why(kind, term))
    }
    missedTitle = "Not found"
    hasMissed = !missed.isEmpty
    archiveNote = found.archive.map { archive in
      found.isArchivedPosition
        ? "The event at this position is in the app’s archive, and not here any more. "
          + archive.hint
        : archive.hint + " Their deliveries and attempts are there too."
    }
  }

  /// Why it could not be one of a kind.
  private static func why(_ kind: SearchKind, _ term: SearchTerm) -> String {
    switch kind {
    case .delivery where term.uuid == nil: ": it is no UUID"
    case .position where term.position == nil: ": it is no number of that size"
    case .message, .user, .group, .device:
      term.ids.isEmpty ? ": an id has at most \(Limits.idBytes) bytes" : ""
    default: ""
    }
  }
}
