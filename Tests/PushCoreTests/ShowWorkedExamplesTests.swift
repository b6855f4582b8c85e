import Foundation
import PushCore
import Testing

/// The tables in `Examples`: a message in, a notification out.
@Suite struct ShowWorkedExamples {
  @Test(arguments: [
    ("one-to-one-apns", "apns"), ("group-apns", "apns"), ("fcm", "fcm"), ("huawei", "huawei"),
    ("honor", "honor"), ("xiaomi", "xiaomi"), ("oppo", "oppo"), ("vivo", "vivo"),
    ("meizu", "meizu"), ("webpush", "webpush"), ("callback", "callback"),
  ])
  func showsWhatTheTableSays(_ file: String, _ provider: String) throws {
    let rows = try WorkedExample.rows(of: file)
    #expect(rows.count >= 15)
    for row in rows {
      let shown = try row.shown(by: try #require(ProviderName(rawValue: provider)))
      #expect(shown == row.expected, "\(file): \(row.name)")
    }
  }

  @Test func areTwoHundredOrMore() throws {
    let folder = WorkedExample.folder
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".md") }
    let rows = try files.flatMap { try WorkedExample.rows(of: String($0.dropLast(3))) }
    #expect(rows.count >= 200)
  }
}

/// One row of a table.
struct WorkedExample {
  /// What a phone gets, as a row writes it.
  struct Shown: Equatable {
    var title = ""
    var subtitle = ""
    var text = ""
    var ext = ""
    var sound = ""
    var badge = ""
    var more = ""
  }

  struct Unreadable: Error { var cell: String }

  var name: String
  var situation: [String]
  var elements: JSON
  var offlinePush: JSON?
  var expected: Shown

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Examples")

  static func rows(of file: String) throws -> [WorkedExample] {
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
    expected = Shown(
      title: cells[4], subtitle: cells[5], text: cells[6], ext: cells[7], sound: cells[8],
      badge: cells[9], more: cells[10])
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

  /// Folds what the row says, and reads what came of it.
  func shown(by provider: ProviderName) throws -> Shown {
    let settings = FoldSettings(language: said("zh") == nil ? .en : .zh)
    var rig = FoldRig(fold: Fold(settings: settings))
    try prepare(&rig, provider)
    let event = try EventDoor.event(
      id: UUID(), type: .messageSent, occurredAt: FoldRig.noon,
      data: [
        "message_id": "m", "from": "ann",
        "conversation": said("group") == nil ? ["user": "bob"] : ["group": "g1"],
      ],
      content: .object(present: [("elements", elements), ("offline_push", offlinePush)]))
    let outputs = rig.fold.apply(
      try event.body(), at: 100, occurredAt: FoldRig.noon, recordedAt: FoldRig.noon)
    guard case .decided(let decided)? = outputs.first, let decision = decided.decisions.first
    else { return Shown(text: "(nothing was decided)") }
    switch decision.verdict {
    case .suppressed(let reason): return Shown(text: "(suppressed \(reason.rawValue))")
    case .push(let push):
      var notification = decided.notification
      notification.badge = push.badge
      notification.sound = push.sound
      // As the dispatcher reads it.
      notification = try Notification(json: notification.json)
      notification.badge = push.badge
      notification.sound = push.sound
      return Shown(notification.shown(by: provider))
    }
  }

  private func prepare(_ rig: inout FoldRig, _ provider: ProviderName) throws {
    if let nick = said("nick") {
      try rig.apply("user.updated", ["user": "ann"], ["nickname": .string(nick)])
    }
    if let group = said("group") {
      if !group.isEmpty {
        try rig.apply("group.updated", ["group": "g1"], ["name": .string(group)])
      }
      let card = said("card").map { JSON.object([.init("name_card", .string($0))]) }
      try rig.apply("group.member_added", ["group": "g1", "user": "ann"], card)
      try rig.apply("group.member_added", ["group": "g1", "user": "bob"])
    }
    let settings = JSON.object(
      present: ["c2c_sound", "group_sound"].map { ($0, said($0).map { .string($0) }) })
    try rig.apply(
      "device.registered",
      [
        "user": "bob", "device": "phone", "platform": "other",
        "provider": .string(provider.rawValue), "settings": settings,
      ], ["token": "t"])
    if let badge = said("badge").flatMap({ Int($0) }) {
      try rig.apply(
        "device.backgrounded",
        ["user": "bob", "device": "phone", "unread": ["c2c": .integer(badge), "group": 0]])
    }
  }
}

extension WorkedExample.Shown {
  init(_ shown: ShownNotification) {
    self.init(
      title: shown.title ?? "", subtitle: shown.subtitle ?? "", text: shown.text,
      ext: shown.ext ?? "", sound: shown.sound ?? "",
      badge: shown.badge.map(String.init) ?? "",
      more: [
        shown.image.map { "image \($0)" }, shown.interruptionLevel.map { "level \($0)" },
        shown.channel.map { "channel \($0)" }, shown.mutableContent ? "mutable" : nil,
      ].compactMap(\.self).joined(separator: "; "))
  }
}
