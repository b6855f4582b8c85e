import Foundation
public import PushCore

/// What an archive of one app's ledger consists of: parts, each of whole commits, that follow each
/// other without a gap from the first event on.
public struct ArchiveManifest: Sendable, Equatable {
  public struct Part: Sendable, Equatable {
    public var firstPosition: Position
    public var lastPosition: Position
    public var firstCommit: Int64
    public var lastCommit: Int64
    /// The hash chain before its first commit and after its last, in hex.
    public var chainBefore: String
    public var chainAfter: String
    /// Time of its last commit.
    public var recordedAt: Timestamp
    /// Names within the folder, and the files' SHA-256 in hex.
    public var eventsFile: String
    public var eventsSHA256: String
    public var commitsFile: String
    public var commitsSHA256: String

    public var events: Int64 { lastPosition - firstPosition + 1 }
  }

  static let fileName = "manifest.json"
  private static let format: Int64 = 1

  public var app: AppID
  public var parts: [Part]

  /// Position of the last event; 0 where there is none.
  public var position: Position { parts.last?.lastPosition ?? 0 }

  init(app: AppID) {
    self.app = app
    parts = []
  }

  /// Reads the manifest of a folder; nil where there is none.
  init?(folder: String) throws(ArchiveError) {
    let path = folder + "/" + Self.fileName
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw .unsound(file: Self.fileName, "it cannot be read")
    }
    do {
      let fields = try Fields(try JSON.parse(bytes))
      guard try fields.integer("format") == Self.format else {
        throw ArchiveError.unsound(file: Self.fileName, "its format is not \(Self.format)")
      }
      app = try fields.required("app") { key throws(FieldError) in
        try AppID(validating: try fields.string(key) ?? "")
      }
      parts = []
      for (index, part) in (try fields.array("parts", max: Int.max) ?? []).enumerated() {
        parts.append(try Part(try Fields(part, at: "parts[\(index)]")))
      }
    } catch let error as ArchiveError {
      throw error
    } catch {
      throw .unsound(file: Self.fileName, "\(error)")
    }
    try checkOrder()
  }

  /// Parts follow each other, and begin at the ledger's beginning.
  private func checkOrder() throws(ArchiveError) {
    var (position, commit): (Position, Int64) = (1, 1)
    var chain = Hex.encode(EventDigest.origin(app))
    for part in parts {
      guard part.firstPosition == position, part.firstCommit == commit, part.chainBefore == chain,
        part.lastPosition >= position, part.lastCommit >= commit
      else {
        throw .unsound(
          file: Self.fileName, "the part of position \(part.firstPosition) does not follow on")
      }
      (position, commit, chain) = (part.lastPosition + 1, part.lastCommit + 1, part.chainAfter)
    }
  }

  var json: JSON {
    [
      "format": .integer(Self.format), "app": .string(app.rawValue),
      "parts": .array(parts.map(\.json)),
    ]
  }
}

extension ArchiveManifest.Part {
  fileprivate init(_ fields: Fields) throws(FieldError) {
    func number(_ key: String) throws(FieldError) -> Int64 {
      try fields.required(key) { key throws(FieldError) in
        try fields.integer(key, in: 1...Int64.max - 1)
      }
    }
    func text(_ key: String) throws(FieldError) -> String {
      try fields.required(key) { key throws(FieldError) in
        let text = try fields.string(key, maxBytes: 256)
        return text?.contains("/") == true ? nil : text
      }
    }
    self.init(
      firstPosition: try number("first_position"), lastPosition: try number("last_position"),
      firstCommit: try number("first_commit"), lastCommit: try number("last_commit"),
      chainBefore: try text("chain_before"), chainAfter: try text("chain_after"),
      recordedAt: try fields.required("recorded_at", fields.timestamp),
      eventsFile: try text("events_file"), eventsSHA256: try text("events_sha256"),
      commitsFile: try text("commits_file"), commitsSHA256: try text("commits_sha256"))
  }

  fileprivate var json: JSON {
    [
      "first_position": .integer(firstPosition), "last_position": .integer(lastPosition),
      "first_commit": .integer(firstCommit), "last_commit": .integer(lastCommit),
      "chain_before": .string(chainBefore), "chain_after": .string(chainAfter),
      "recorded_at": JSON(recordedAt), "events_file": .string(eventsFile),
      "events_sha256": .string(eventsSHA256), "commits_file": .string(commitsFile),
      "commits_sha256": .string(commitsSHA256),
    ]
  }
}
