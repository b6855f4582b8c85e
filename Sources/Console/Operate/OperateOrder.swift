import PushCore

/// What can be ordered on the page: each is asked for by its own page first.
enum OperateOrder: Sendable, Equatable {
  /// Provider nil: the whole app.
  case pause(ProviderName?)
  case resume(ProviderName?)
  case pauseProjection(ProjectionName)
  case resumeProjection(ProjectionName)
  case skip(ProjectionName, Position)
  case rebuild
  case erase(UserID)

  /// The last part of its address.
  enum Name: String, CaseIterable {
    case pause, resume
    case pauseProjection = "pause-projection"
    case resumeProjection = "resume-projection"
    case skip, rebuild, erase
  }

  /// In a form, for the whole app.
  static let wholeApp = "all"
  /// A reason's bytes at most.
  static let reasonBytes = Limits.reasonBytes

  /// - Parameter field: A parameter of the address, or a field of the form.
  /// - Throws: ``Refusal/address(_:)``
  init(_ name: Name, _ field: (String) -> String?) throws(Refusal) {
    switch name {
    case .pause: self = .pause(try Self.provider(field))
    case .resume: self = .resume(try Self.provider(field))
    case .pauseProjection: self = .pauseProjection(try Self.projection(field))
    case .resumeProjection: self = .resumeProjection(try Self.projection(field))
    case .skip: self = .skip(try Self.projection(field), try Self.position(field))
    case .rebuild: self = .rebuild
    case .erase: self = .erase(try Self.id("user", field))
    }
  }

  var name: Name {
    switch self {
    case .pause: .pause
    case .resume: .resume
    case .pauseProjection: .pauseProjection
    case .resumeProjection: .resumeProjection
    case .skip: .skip
    case .rebuild: .rebuild
    case .erase: .erase
    }
  }

  /// What its form carries.
  var fields: [(name: String, value: String)] {
    switch self {
    case .pause(let provider), .resume(let provider):
      [("provider", provider?.rawValue ?? Self.wholeApp)]
    case .pauseProjection(let projection), .resumeProjection(let projection):
      [("projection", projection.rawValue)]
    case .skip(let projection, let position):
      [("projection", projection.rawValue), ("position", "\(position)")]
    case .rebuild: []
    case .erase(let user): [("user", user.rawValue)]
    }
  }

  /// Where it is asked for, and where its form goes.
  static func path(_ name: Name) -> String { PagePath.make("/operate/" + name.rawValue) }

  var path: String { Self.path(name) }

  /// The page that asks for it.
  var asked: String {
    let query = fields.map { "\($0.name)=\(PagePath.encode($0.value))" }
    return path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
  }

  /// What it is called in the audit.
  var action: String {
    switch self {
    case .pause: "pause_pushes"
    case .resume: "resume_pushes"
    case .pauseProjection: "pause_projection"
    case .resumeProjection: "resume_projection"
    case .skip: "skip_event"
    case .rebuild: "rebuild_projection"
    case .erase: "erase_user"
    }
  }

  /// To what, for the audit.
  func subject(reason: String?) -> JSON {
    let members = fields.map { ($0.name, Optional(JSON.string($0.value))) }
    return .object(present: members + [("reason", reason.map { .string($0) })])
  }

  // MARK: Reading

  private static func provider(_ field: (String) -> String?) throws(Refusal) -> ProviderName? {
    let text = field("provider") ?? ""
    if text == wholeApp { return nil }
    guard let provider = ProviderName(rawValue: text) else {
      throw .address(
        "provider is \(FieldError.shown(text)); all is expected, or one of "
          + ProviderName.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }
    return provider
  }

  private static func projection(_ field: (String) -> String?) throws(Refusal) -> ProjectionName {
    try id("projection", field)
  }

  private static func position(_ field: (String) -> String?) throws(Refusal) -> Position {
    let text = field("position") ?? ""
    guard let position = Position(text), position > 0 else {
      throw .address(
        "position is \(FieldError.shown(text)); a whole number from 1 is expected.")
    }
    return position
  }

  /// An id of an address or a form.
  static func id<ID: EntityID>(
    _ name: String, _ field: (String) -> String?
  ) throws(Refusal) -> ID {
    do {
      return try ID(validating: field(name) ?? "", field: name)
    } catch {
      throw .address(error.description)
    }
  }

  /// Why somebody orders it; nil where nothing is said.
  static func reason(_ text: String?) throws(Refusal) -> String? {
    guard let text, !text.isEmpty else { return nil }
    guard text.utf8.count <= reasonBytes, !text.utf8.contains(0) else {
      throw .form(
        "reason has \(text.utf8.count) bytes; at most \(reasonBytes) without zero bytes are "
          + "allowed.")
    }
    return text
  }
}
