import Ledger
import PushCore

import struct Foundation.UUID

extension GroupService {
  /// https://cloud.tencent.com/document/product/269/1629
  func send(_ call: TencentCall) async throws -> JSON {
    let body = call.body
    let bad = TencentError.badGroupParameter
    try call.checkSize()
    let known = try await known(call)
    let group = known.group
    let random = try body.requiredNumber("Random", bad)
    let message = try TencentMessage(call)
    let facts = try facts(call)
    let window = call.now.seconds / Self.repeatSeconds
    let before = eventID(known, message, random, window - 1, call)
    if let sent = try await repeated(before, call) { return Self.sent(sent) }
    let event = try message.event(
      id: eventID(known, message, random, window, call),
      message: TencentID.message(
        random: random, time: call.now.seconds, in: group, since: known.dissolvedAt,
        from: message.sender,
        checksum: message.checksum),
      to: .group(group), at: call.now, facts)
    let appended = try await appender.appendEvents([event], to: call.app)[0]
    if !appended.isNew, let sent = try await repeated(event.id, call) { return Self.sent(sent) }
    return Self.sent((appended.position, call.now.seconds))
  }

  private func facts(_ call: TencentCall) throws -> [JSON.Member] {
    let body = call.body
    let bad = TencentError.badGroupParameter
    var facts: [JSON.Member] = []
    if try body.integer("OnlineOnlyFlag", in: 0...1, bad) == 1 {
      facts.append(.init("online_only", true))
    }
    let targets = try accounts(call, "To_Account", of: nil, most: Self.targetsPerMessage)
    if !targets.isEmpty {
      facts.append(.init("targets", .array(targets.map { JSON($0) })))
    }
    // What goes to chosen members never counts as unread.
    if try !targets.isEmpty || body.switches("SendMsgControl").contains("NoUnread") {
      facts.append(.init("counts_unread", false))
    }
    let named = try body.array("GroupAtInfo", bad) ?? []
    guard named.count <= Limits.mentionsPerMessage else {
      throw TencentError(bad, "GroupAtInfo has \(named.count) entries.")
    }
    var mentions: [JSON] = []
    var mentionsAll = false
    for entry in named {
      let entry = TencentBody(json: entry)
      if try entry.integer("GroupAtAllFlag", in: 0...1, bad) == 1 {
        mentionsAll = true
      } else {
        mentions.append(JSON(try entry.requiredAccount("GroupAt_Account", bad)))
      }
    }
    if mentionsAll { facts.append(.init("mention_all", true)) }
    if !mentions.isEmpty { facts.append(.init("mentions", .array(mentions))) }
    facts.append(.init("by", JSON(call.administrator)))
    return facts + (try TencentMessage.callbackFacts(call))
  }

  private func eventID(
    _ known: Known, _ message: TencentMessage, _ random: Int64, _ window: Int64,
    _ call: TencentCall
  ) -> UUID {
    TencentID.event(
      "group", call.app,
      [
        known.group.rawValue, String(random), String(message.checksum), String(window),
        String(known.dissolvedAt),
      ])
  }

  private func repeated(
    _ id: UUID, _ call: TencentCall
  ) async throws -> (position: Position, time: Int64)? {
    guard let known = try await ledger.event(id, of: call.app),
      known.event.occurredAt >= call.now - .seconds(Self.repeatSeconds)
    else { return nil }
    return (known.position, known.event.occurredAt.seconds)
  }

  private static func sent(_ stored: (position: Position, time: Int64)) -> JSON {
    TencentAnswer.ok([
      "MsgTime": .integer(stored.time), "MsgSeq": .integer(stored.position), "MsgDropReason": "",
    ])
  }

  /// https://www.tencentcloud.com/document/product/1047/34965
  func recall(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let group = try await known(call).group
    guard let wanted = try call.body.array("MsgSeqList", bad), !wanted.isEmpty,
      wanted.count <= Self.recallsPerRequest
    else {
      throw TencentError(
        bad, "MsgSeqList is missing, empty or longer than \(Self.recallsPerRequest).")
    }
    var results: [JSON] = []
    for entry in wanted {
      let range = 1...Int64.max
      guard let sequence = try TencentBody(json: entry).integer("MsgSeq", in: range, bad) else {
        throw TencentError(bad, "MsgSeqList has an entry without MsgSeq.")
      }
      let code = try await recall(sequence, of: group, call) ? 0 : TencentError.noGroupMessage
      results.append(["MsgSeq": .integer(sequence), "RetCode": .integer(code)])
    }
    return TencentAnswer.ok(["RecallRetList": .array(results)])
  }

  /// - Returns: Whether there is such a message in the group.
  private func recall(
    _ position: Position, of group: GroupID, _ call: TencentCall
  ) async throws -> Bool {
    guard
      let found = try await ledger.events(of: call.app, at: [position]).first,
      case .messageSent(let message)? = try? found.event.body(),
      message.conversation == .group(group)
    else { return false }
    let recall = try FieldNames.plain.door(
      id: EventID.recall(message.id, app: call.app), type: .messageRecalled,
      occurredAt: call.now,
      data: ["message_id": JSON(message.id), "by": JSON(call.administrator)], content: nil)
    try await append([recall], call)
    return true
  }

  /// A notice for who is online at this moment: it is told to who follows the feed, and pushed to
  /// nobody. https://cloud.tencent.com/document/product/269/1630
  func notify(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let group = try await known(call).group
    guard let content = try call.body.text("Content", bad), !content.isEmpty else {
      throw TencentError(bad, "Content is missing.")
    }
    let targets = try accounts(call, "ToMembers_Account", of: nil, most: Self.noticeTargets)
    let data = JSON.object(present: [
      ("message_id", .string("notice-\(UUID().uuidString.lowercased())")),
      ("from", JSON(call.administrator)), ("conversation", ["group": JSON(group)]),
      ("online_only", true), ("push", false), ("callback", false),
      ("targets", targets.isEmpty ? nil : .array(targets.map { JSON($0) })),
    ])
    let element: JSON = [
      "MsgType": "TIMGroupSystemNoticeElem", "MsgContent": ["UserDefinedField": .string(content)],
    ]
    try await append([try event(.messageSent, data, ["elements": [element]], call)], call)
    return TencentAnswer.ok()
  }
}
