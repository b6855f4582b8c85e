import Foundation
public import PushCore

/// One row of the tables in `Tests/PushCoreTests/Examples`: a message in, a notification out.
public struct WorkedExample: Sendable {
  /// What a phone gets, as a row writes it.
  public struct Shown: Sendable, Equatable {
    public var title = ""
    public var subtitle = ""
    public var text = ""
    public var ext = ""
    public var sound = ""
    public var badge = ""
    public var more = ""

    public init(text: String) { self.text = text }
  }

  /// What the fold makes of a row.
  public enum Decided: Sendable {
    case suppressed(String)
    case pushed(PushCore.Notification)
  }

  struct Unreadable: Error { var cell: String }

  public var name: String
  var situation: [String]
  var elements: JSON
  var offlinePush: JSON?
  public var expected: Shown

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("PushCoreTests/Examples")

  public static func rows(of file: String) throws -> [WorkedExample] {
    let path = folder.appendingPathComponent(file + ".md")
    let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("|") }
    return try lines.dropFirst(2).map { try WorkedExample(String($0)) }
  }

  init(_ line: String) throws {
    let cells = try line.dropFirst().dropLast().split(
      separator: "|", omittingEmptySubsequences: false
    ).map { try Self.unfolded($0.trimmingCharacters(in: .whitespaces)) }
    guard cells.count == 11 else { throw Unreadable(cell: line) }
    name = cells[0]
    situation = cells[1].components(separatedBy: "; ").filter { !$0.isEmpty }
    elements = .array(try Self.elements(cells[2]))
    offlinePush =
      cells[3].isEmpty ? nil : try JSON.parse(Array(cells[3].dropFirst().dropLast().utf8))
    expected = Shown(text: cells[6])
    (expected.title, expected.subtitle, expected.ext) = (cells[4], cells[5], cells[7])
    (expected.sound, expected.badge, expected.more) = (cells[8], cells[9], cells[10])
  }

  /// `⟨x×3⟩` is xxx.
  private static func unfolded(_ cell: String) throws -> String {
    try cell.replacing(#/⟨([^×]+)×(\d+)⟩/#) { match in
      guard let count = Int(match.output.2) else { throw Unreadable(cell: cell) }
      return String(repeating: String(match.output.1), count: count)
    }
  }

  private static let types = [
    "text": "TIMTextElem", "custom": "TIMCustomElem", "sound": "TIMSoundElem",
    "file": "TIMFileElem", "image": "TIMImageElem", "face": "TIMFaceElem",
    "location": "TIMLocationElem", "video": "TIMVideoFileElem", "relay": "TIMRelayElem",
  ]

  /// `text "hi" + custom Desc="d" Ext="e"`
  private static func elements(_ cell: String) throws -> [JSON] {
    try cell.components(separatedBy: " + ").map { element in
      let word = String(element.prefix { $0 != " " })
      guard let type = types[word] else { throw Unreadable(cell: cell) }
      var content: JSON = [:]
      if word == "text" {
        content = ["Text": .string(String(element.dropFirst(6).dropLast()))]
      }
      for match in element.matches(of: #/(Desc|Ext|Sound)="([^"]*)"/#) where word == "custom" {
        content = content.setting(
          String(match.output.1), to: .string(String(match.output.2)))
      }
      return ["MsgType": .string(type), "MsgContent": content]
    }
  }

  private func said(_ word: String) -> String? {
    for fact in situation {
      if fact == word { return "" }
      if fact.hasPrefix(word + " ") { return String(fact.dropFirst(word.count + 1)) }
    }
    return nil
  }

  /// Folds what the row says.
  public func decided(for provider: ProviderName) throws -> Decided {
    let settings = FoldSettings(language: said("zh") == nil ? .en : .zh)
    var fold = Fold(settings: settings)
    for (index, event) in events(provider).enumerated() {
      _ = try Self.apply(event, at: Position(index + 1), to: &fold)
    }
    let sent: JSON = [
      "type": "message.sent",
      "data": [
        "message_id": "m", "from": "ann",
        "conversation": said("group") == nil ? ["user": "bob"] : ["group": "g1"],
      ],
      "content": .object(present: [("elements", elements), ("offline_push", offlinePush)]),
    ]
    let outputs = try Self.apply(sent, at: 100, to: &fold)
    guard case .decided(let decided)? = outputs.first, let decision = decided.decisions.first
    else { throw Unreadable(cell: name) }
    switch decision.verdict {
    case .suppressed(let reason): return .suppressed(reason.rawValue)
    case .push(let push):
      var notification = decided.notification
      notification.badge = push.badge
      notification.sound = push.sound
      return .pushed(notification)
    }
  }

  private static func apply(
    _ json: JSON, at position: Position, to fold: inout Fold
  ) throws -> [FoldOutput] {
    let noon = Timestamp(microseconds: 1_767_268_800_000_000)
    let event = try EventDoor.event(from: json, makeID: { UUID() }, now: noon)
    return fold.apply(
      try event.body(), at: position, occurredAt: noon, recordedAt: noon)
  }

  private func events(_ provider: ProviderName) -> [JSON] {
    var events: [JSON] = []
    func add(_ type: String, _ data: JSON, _ content: JSON? = nil) {
      events.append(
        .object(present: [("type", .string(type)), ("data", data), ("content", content)]))
    }
    if let nick = said("nick") {
      add("user.updated", ["user": "ann"], ["nickname": .string(nick)])
    }
    if let group = said("group") {
      if !group.isEmpty { add("group.updated", ["group": "g1"], ["name": .string(group)]) }
      let card = said("card").map { JSON.object([.init("name_card", .string($0))]) }
      add("group.member_added", ["group": "g1", "user": "ann"], card)
      add("group.member_added", ["group": "g1", "user": "bob"])
    }
    let settings = JSON.object(
      present: ["c2c_sound", "group_sound"].map { ($0, said($0).map { .string($0) }) })
    add(
      "device.registered",
      [
        "user": "bob", "device": "phone", "platform": "other",
        "provider": .string(provider.rawValue), "settings": settings,
      ], ["token": "t"])
    if let badge = said("badge").flatMap({ Int($0) }) {
      add(
        "device.backgrounded",
        ["user": "bob", "device": "phone", "unread": ["c2c": .integer(badge), "group": 0]])
    }
    return events
  }
}

extension WorkedExample.Shown {
  public init(_ shown: ShownNotification) {
    self.init(text: shown.text)
    title = shown.title ?? ""
    subtitle = shown.subtitle ?? ""
    ext = shown.ext ?? ""
    sound = shown.sound ?? ""
    badge = shown.badge.map(String.init) ?? ""
    more = [
      shown.image.map { "image \($0)" }, shown.interruptionLevel.map { "level \($0)" },
      shown.channel.map { "channel \($0)" }, shown.mutableContent ? "mutable" : nil,
    ].compactMap(\.self).joined(separator: "; ")
  }
}
