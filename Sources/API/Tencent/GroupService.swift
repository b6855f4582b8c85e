import Ledger
import Projections
import PushCore

import struct Foundation.UUID

/// `group_open_http_svc`: groups, their members, and what is sent to them.
struct GroupService: Sendable {
  /// Two that have the same `Random` and content within so many seconds are one.
  static let repeatSeconds: Int64 = 300
  static let groupBytes = 48
  static let membersPerRequest = 100
  static let targetsPerMessage = 50
  static let recallsPerRequest = 10

  let appender: Appender
  let reading: Reading

  private var ledger: LedgerReader { reading.ledger }

  var commands: [String: TencentFront.Command] {
    let all: [String: TencentFront.Command] = [
      "create_group": { try await create($0) },
      "modify_group_base_info": { try await rename($0) },
      "add_group_member": { try await addMembers($0) },
      "delete_group_member": { try await deleteMembers($0) },
      "modify_group_member_info": { try await changeMember($0) },
      "send_group_msg": { try await send($0) },
      "group_msg_recall": { try await recall($0) },
    ]
    return Dictionary(
      uniqueKeysWithValues: all.map { name, command in
        ("group_open_http_svc/\(name)", Self.inGroupTerms(command))
      })
  }

  /// What is wrong with a message is 10004 here, but for its size.
  private static func inGroupTerms(
    _ command: @escaping TencentFront.Command
  ) -> TencentFront.Command {
    { call in
      do {
        return try await command(call)
      } catch let error as TencentError where 90_000..<91_000 ~= error.code {
        throw TencentError(TencentError.badGroupParameter, error.info)
      }
    }
  }

  // MARK: Groups

  /// What kinds of groups there are, and whether a new member is pushed.
  private static let kinds: [String: Bool] = [
    "Private": true, "Work": true, "Public": true, "Community": true, "ChatRoom": false,
    "Meeting": false, "AVChatRoom": false,
  ]

  /// https://cloud.tencent.com/document/product/269/1615
  private func create(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    guard let kind = try call.body.text("Type", bad), let isPushed = Self.kinds[kind] else {
      throw TencentError(
        bad, "Type is missing or none of \(Self.kinds.keys.sorted().joined(separator: ", ")).")
    }
    guard let name = try call.body.text("Name", bad), !name.isEmpty else {
      throw TencentError(bad, "Name is missing.")
    }
    let group =
      try optionalGroup(call)
      ?? GroupID(unchecked: "@TGS#" + UUID().uuidString.prefix(13).lowercased())
    var members = try accounts(call, "MemberList", of: "Member_Account")
    if let owner = try call.body.account("Owner_Account", bad) { members.insert(owner, at: 0) }
    try await append(
      [
        try event(
          .groupUpdated, ["group": JSON(group), "kind": .string(kind)],
          ["name": .string(name)], call)
      ] + additions(of: members, to: group, isPushed: isPushed, call), call)
    return TencentAnswer.ok(["GroupId": JSON(group), "Type": .string(kind)])
  }

  /// https://www.tencentcloud.com/document/product/1047/34962
  private func rename(_ call: TencentCall) async throws -> JSON {
    let group = try await known(call).group
    guard let name = try call.body.text("Name", TencentError.badGroupParameter) else {
      return TencentAnswer.ok()
    }
    try await append(
      [
        try event(.groupUpdated, ["group": JSON(group)], ["name": .string(name)], call)
      ], call)
    return TencentAnswer.ok()
  }

  // MARK: Members

  private func addMembers(_ call: TencentCall) async throws -> JSON {
    let (group, isPushed) = try await known(call)
    let members = try accounts(call, "MemberList", of: "Member_Account")
    guard !members.isEmpty else {
      throw TencentError(TencentError.badGroupParameter, "MemberList is missing or empty.")
    }
    try await append(additions(of: members, to: group, isPushed: isPushed, call), call)
    return TencentAnswer.ok([
      "MemberList": .array(members.map { ["Member_Account": JSON($0), "Result": 1] })
    ])
  }

  private func deleteMembers(_ call: TencentCall) async throws -> JSON {
    let group = try await known(call).group
    let members = try accounts(call, "MemberToDel_Account", of: nil)
    guard !members.isEmpty else {
      throw TencentError(
        TencentError.badGroupParameter, "MemberToDel_Account is missing or empty.")
    }
    try await append(
      try members.map { member in
        try event(.memberRemoved, ["group": JSON(group), "user": JSON(member)], nil, call)
      }, call)
    return TencentAnswer.ok()
  }

  private static let flags: [String: ReceiveOption] = [
    "AcceptAndNotify": .notify, "AcceptNotNotify": .silent, "Discard": .reject,
  ]

  private func changeMember(_ call: TencentCall) async throws -> JSON {
    let bad = TencentError.badGroupParameter
    let group = try await known(call).group
    let member = try call.body.requiredAccount("Member_Account", bad)
    try await reading.awaitPosition(try await ledger.head(of: call.app), of: call.app)
    guard try await reading.projection.isMember(member, of: group, in: call.app) else {
      throw TencentError(bad, "Member_Account is no member of the group.")
    }
    let names: JSON = ["group": JSON(group), "user": JSON(member)]
    var events: [NewEvent] = []
    if let card = try call.body.text("NameCard", bad) {
      events.append(try event(.memberAdded, names, ["name_card": .string(card)], call))
    }
    if let flag = try call.body.text("MsgFlag", bad) {
      guard let option = Self.flags[flag] else {
        throw TencentError(
          bad, "MsgFlag is none of \(Self.flags.keys.sorted().joined(separator: ", ")).")
      }
      events.append(
        try event(
          .groupReceiveChanged, names.setting("receive", to: .string(option.rawValue)), nil, call))
    }
    if !events.isEmpty { try await append(events, call) }
    return TencentAnswer.ok()
  }

  private func additions(
    of members: [UserID], to group: GroupID, isPushed: Bool, _ call: TencentCall
  ) throws -> [NewEvent] {
    try members.map { member in
      var data: JSON = ["group": JSON(group), "user": JSON(member)]
      if !isPushed {
        data = data.setting("receive", to: .string(ReceiveOption.silent.rawValue))
      }
      return try event(.memberAdded, data, nil, call)
    }
  }

  // MARK: Messages

  /// https://cloud.tencent.com/document/product/269/1629
  private func send(_ call: TencentCall) async throws -> JSON {
    let body = call.body
    let bad = TencentError.badGroupParameter
    guard call.bytes <= TencentMessage.requestBytes else {
      throw TencentError(
        TencentError.bodyTooLarge,
        "The request has \(call.bytes) bytes; at most \(TencentMessage.requestBytes) are taken.")
    }
    let group = try await known(call).group
    guard let random = try body.integer("Random", in: 0...Int64(UInt32.max), bad) else {
      throw TencentError(bad, "Random is missing.")
    }
    let message = try TencentMessage(call)
    let facts = try facts(call)
    let window = call.now.seconds / Self.repeatSeconds
    let before = eventID(group, message, random, window - 1, call)
    if let known = try await repeated(before, call) { return Self.sent(known) }
    let event = try message.event(
      id: eventID(group, message, random, window, call),
      message: TencentID.message(
        random: random, time: call.now.seconds, in: group, from: message.sender,
        checksum: message.checksum),
      to: .group(group), at: call.now, facts)
    let appended = try await appender.appendEvents([event], to: call.app)[0]
    if !appended.isNew, let known = try await repeated(event.id, call) { return Self.sent(known) }
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
    for entry in named {
      let entry = TencentBody(json: entry)
      if try entry.integer("GroupAtAllFlag", in: 0...1, bad) == 1 {
        facts.append(.init("mention_all", true))
      } else {
        mentions.append(JSON(try entry.requiredAccount("GroupAt_Account", bad)))
      }
    }
    if !mentions.isEmpty { facts.append(.init("mentions", .array(mentions))) }
    return facts
  }

  private func eventID(
    _ group: GroupID, _ message: TencentMessage, _ random: Int64, _ window: Int64,
    _ call: TencentCall
  ) -> UUID {
    TencentID.event(
      "group", call.app,
      [group.rawValue, String(random), String(message.checksum), String(window)])
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
    TencentAnswer.ok(["MsgTime": .integer(stored.time), "MsgSeq": .integer(stored.position)])
  }

  /// https://www.tencentcloud.com/document/product/1047/34965
  private func recall(_ call: TencentCall) async throws -> JSON {
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
      let found = try await ledger.events(of: call.app, after: position - 1, limit: 1).first,
      found.position == position, case .messageSent(let message)? = try? found.event.body(),
      message.conversation == .group(group)
    else { return false }
    let recall = try FieldNames.plain.door(
      id: EventID.recall(message.id, app: call.app), type: .messageRecalled,
      occurredAt: call.now,
      data: ["message_id": JSON(message.id), "by": JSON(call.administrator)], content: nil)
    try await append([recall], call)
    return true
  }

  // MARK: Reading a request

  private func optionalGroup(_ call: TencentCall) throws(TencentError) -> GroupID? {
    let bad = TencentError.badGroupParameter
    guard let text = try call.body.text("GroupId", bad) else { return nil }
    guard text.utf8.count <= Self.groupBytes, let group = try? GroupID(validating: text, field: "")
    else {
      throw TencentError(bad, "GroupId must have 1 to \(Self.groupBytes) bytes.")
    }
    return group
  }

  /// - Throws: 10010, where nobody spoke of the group yet.
  private func known(_ call: TencentCall) async throws -> (group: GroupID, isPushed: Bool) {
    guard let group = try optionalGroup(call) else {
      throw TencentError(TencentError.badGroupParameter, "GroupId is missing.")
    }
    guard
      let first = try await ledger.first(.groupUpdated, of: call.app, in: .group(group))
    else {
      throw TencentError(TencentError.noSuchGroup, "There is no group with this GroupId.")
    }
    let kind = (try? JSON.parse(first.event.data))?["kind"]?.string ?? ""
    return (group, Self.kinds[kind] ?? true)
  }

  /// The accounts of a list, each once; of objects the member named.
  private func accounts(
    _ call: TencentCall, _ name: String, of member: String?,
    most: Int = GroupService.membersPerRequest
  ) throws(TencentError) -> [UserID] {
    let items = try call.body.array(name, TencentError.badGroupParameter) ?? []
    guard items.count <= most else {
      throw TencentError(
        TencentError.tooManyMembers,
        "\(name) has \(items.count) entries; at most \(most) are taken.")
    }
    var accounts: [UserID] = []
    for item in items {
      guard let text = (member.map { item[$0] } ?? item)?.string,
        let account = TencentBody.account(text)
      else {
        throw TencentError(
          TencentError.badGroupParameter, "\(name) has an entry that names no account.")
      }
      if !accounts.contains(account) { accounts.append(account) }
    }
    return accounts
  }

  private func event(
    _ type: EventType, _ data: JSON, _ content: JSON?, _ call: TencentCall
  ) throws -> NewEvent {
    do {
      return try EventDoor.event(
        id: UUID(), type: type, occurredAt: call.now, data: data, content: content)
    } catch {
      throw TencentError(TencentError.badGroupParameter, error.description)
    }
  }

  private func append(_ events: [NewEvent], _ call: TencentCall) async throws {
    _ = try await appender.appendEvents(events, to: call.app)
  }
}
