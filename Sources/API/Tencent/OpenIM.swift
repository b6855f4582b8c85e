import Ledger
import Projections
import PushCore

import struct Foundation.UUID

/// `openim`: messages from one user to another, their recall, and what is unread of them.
struct OpenIM: Sendable {
  /// Two that are the same within so many seconds are one.
  static let repeatSeconds: Int64 = 120
  static let receiversPerBatch = 500
  static let peersPerQuestion = 10

  let appender: Appender
  let reading: Reading

  var commands: [String: TencentFront.Command] {
    [
      "openim/sendmsg": { try await sendOrTell($0) },
      "openim/batchsendmsg": { try await sendBatch($0) },
      "openim/importmsg": { try await importMessage($0) },
      "openim/admin_msgwithdraw": { try await withdraw($0) },
      "openim/admin_set_msg_read": { try await setRead($0) },
      "openim/get_c2c_unread_msg_num": { try await unread($0) },
    ]
  }

  // MARK: Sending

  /// Sends, and where it is refused keeps that, if somebody wants to be told of it.
  private func sendOrTell(_ call: TencentCall) async throws -> JSON {
    do {
      return try await send(call)
    } catch let error as TencentError where call.tellsMessages {
      try await keep(error, call)
      throw error
    }
  }

  /// Keeps what was refused. Of a request that was too large, or that names no receiver, nothing can
  /// be told.
  private func keep(_ error: TencentError, _ call: TencentCall) async throws {
    guard call.bytes <= TencentMessage.requestBytes,
      let receiver = try? call.body.account("To_Account", TencentError.badReceiver)
    else { return }
    let named = try? call.body.account("From_Account", TencentError.badSender)
    let sender = (named ?? nil) ?? call.administrator
    let key = TencentMessageKey(
      sequence: (try? call.body.number("MsgSeq", 0)) ?? 0,
      random: (try? call.body.number("MsgRandom", 0)) ?? 0, time: call.now.seconds)
    let id = UUID()
    let elements = call.body["MsgBody"]?.array
    let custom = call.body["CloudCustomData"]?.string
    let event = try? EventDoor.event(
      id: id, type: .messageRefused, occurredAt: call.now,
      data: [
        "message_id": .string("c2c-\(key.text)-\(id.uuidString.prefix(8).lowercased())"),
        "from": JSON(sender), "conversation": ["user": JSON(receiver)],
        "code": .integer(error.code), "info": .string(error.info),
      ],
      content: .object(present: [
        ("elements", elements.map { .array(Array($0.prefix(Limits.elementsPerMessage))) }),
        ("cloud_custom_data", custom.map { .string($0) }),
      ]))
    if let event { _ = try await appender.appendEvents([event], to: call.app) }
  }

  /// https://cloud.tencent.com/document/product/269/2282
  private func send(_ call: TencentCall) async throws -> JSON {
    try call.checkSize()
    let receiver = try call.body.requiredAccount("To_Account", TencentError.badReceiver)
    let message = try TencentMessage(call)
    let order = try Order(call)
    let facts = try Self.facts(call) + TencentMessage.callbackFacts(call)
    let key = TencentMessageKey(
      sequence: order.sequence, random: order.random, time: call.now.seconds)
    let window = call.now.seconds / Self.repeatSeconds
    if order.isGiven {
      let before = eventID(message, receiver, order, window - 1, call)
      if let known = try await repeated(before, call) { return Self.sent(known) }
    }
    let event = try message.event(
      id: eventID(message, receiver, order, window, call),
      message: TencentID.message(
        key, from: message.sender, to: receiver, checksum: message.checksum), to: .user(receiver),
      at: call.now, facts)
    let appended = try await appender.appendEvents([event], to: call.app)
    guard appended[0].isNew else {
      return Self.sent(try await repeated(event.id, call) ?? key)
    }
    return Self.sent(key)
  }

  /// `MsgSeq` and `MsgRandom`.
  private struct Order {
    var sequence: Int64
    var random: Int64
    /// False: the sequence was made up here, so no other request can have it.
    var isGiven: Bool

    init(_ call: TencentCall) throws(TencentError) {
      random = try call.body.requiredNumber("MsgRandom", TencentError.badRandom)
      let sequence = try call.body.number("MsgSeq", TencentError.badSequence)
      self.sequence = sequence ?? Int64(UInt32.random(in: 0...UInt32.max))
      isGiven = sequence != nil
    }
  }

  private func eventID(
    _ message: TencentMessage, _ receiver: UserID, _ order: Order, _ window: Int64,
    _ call: TencentCall
  ) -> UUID {
    TencentID.event(
      "c2c", call.app,
      [
        message.sender.rawValue, receiver.rawValue, String(order.sequence), String(order.random),
        String(message.checksum), String(window),
      ])
  }

  /// The key of a message that was sent already, and not longer ago than counts.
  private func repeated(_ id: UUID, _ call: TencentCall) async throws -> TencentMessageKey? {
    guard let known = try await reading.ledger.event(id, of: call.app),
      known.event.occurredAt >= call.now - .seconds(Self.repeatSeconds),
      case .messageSent(let message)? = try? known.event.body()
    else { return nil }
    return TencentMessageKey(message.id)
  }

  /// Those of the events that were stored, not longer ago than counts.
  private func repeated(_ ids: [UUID], _ call: TencentCall) async throws -> Set<UUID> {
    let known = try await reading.ledger.times(of: ids, in: call.app)
    let first = call.now - .seconds(Self.repeatSeconds)
    return Set(known.filter { $0.value >= first }.keys)
  }

  private static func sent(_ key: TencentMessageKey) -> JSON {
    TencentAnswer.ok(["MsgTime": .integer(key.time), "MsgKey": .string(key.text)])
  }

  /// What the switches of a request say of a message.
  private static func facts(_ call: TencentCall) throws(TencentError) -> [JSON.Member] {
    var facts: [JSON.Member] = []
    switch try life(call) {
    case 0?: facts.append(.init("online_only", true))
    case let seconds?:
      facts.append(.init("expires_at", JSON(call.now + .seconds(seconds))))
    case nil: break
    }
    let switches = try call.body.switches("SendMsgControl")
    if switches.contains("NoUnread") { facts.append(.init("counts_unread", false)) }
    // The server API passes over a receiver's one-to-one mute unless it is told to heed it.
    if !switches.contains("WithMuteNotifications") { facts.append(.init("over_mute", true)) }
    _ = try call.body.integer("SyncOtherMachine", in: 1...2, TencentError.badOtherMachine)
    return facts
  }

  static func life(_ call: TencentCall) throws(TencentError) -> Int64? {
    let name = "MsgLifeTime"
    guard
      let seconds = try call.body.integer(
        name, in: Int64.min...Int64.max, TencentError.lifetimeIsNoInteger)
    else { return nil }
    guard 0...TencentMessage.longestLife ~= seconds else {
      throw TencentError(
        TencentError.lifetimeTooLong,
        "\(name) is \(seconds); 0 to \(TencentMessage.longestLife) is expected.")
    }
    return seconds
  }

  /// https://cloud.tencent.com/document/product/269/1612
  private func sendBatch(_ call: TencentCall) async throws -> JSON {
    guard
      let receivers = try call.body.array("To_Account", TencentError.receiversAreNoArray),
      !receivers.isEmpty
    else { throw TencentError(TencentError.noReceivers, "To_Account is missing or empty.") }
    guard receivers.count <= Self.receiversPerBatch else {
      throw TencentError(
        TencentError.tooManyReceivers,
        "To_Account has \(receivers.count) entries; at most \(Self.receiversPerBatch) are taken.")
    }
    let names = JSON.array(receivers).serialized().count
    try call.checkSize(without: names, or: TencentError.batchTooLarge)
    let message = try TencentMessage(call)
    let order = try Order(call)
    // No webhook is told of a batch.
    let facts = try Self.facts(call) + [JSON.Member("callback", false)]
    let key = TencentMessageKey(
      sequence: order.sequence, random: order.random, time: call.now.seconds)
    let window = call.now.seconds / Self.repeatSeconds
    let known = try await repeated(
      receivers.compactMap { $0.string.flatMap(TencentBody.account) }.map { account in
        eventID(message, account, order, window - 1, call)
      }, call)
    var events: [NewEvent] = []
    var failures: [JSON] = []
    var repeats = 0
    for receiver in receivers {
      guard let account = receiver.string.flatMap(TencentBody.account) else {
        failures.append([
          "To_Account": receiver, "ErrorCode": .integer(TencentError.badReceiver),
        ])
        continue
      }
      if known.contains(eventID(message, account, order, window - 1, call)) {
        repeats += 1
        continue
      }
      let id = eventID(message, account, order, window, call)
      if events.contains(where: { $0.id == id }) { continue }
      events.append(
        try message.event(
          id: id,
          message: TencentID.message(
            key, from: message.sender, to: account, checksum: message.checksum),
          to: .user(account), at: call.now, facts))
    }
    guard !events.isEmpty || repeats > 0 else {
      return .object([
        .init("ActionStatus", "FAIL"), .init("ErrorInfo", "No receiver can be sent to."),
        .init("ErrorCode", .integer(TencentError.badReceiver)),
        .init("ErrorList", .array(failures)),
      ])
    }
    var isNew = false
    if !events.isEmpty {
      isNew = try await appender.appendEvents(events, to: call.app).contains(where: \.isNew)
    }
    // Where all of it was sent before, the key is that of then.
    var answered = key
    if !isNew, let first = known.first ?? events.first?.id {
      answered = try await repeated(first, call) ?? key
    }
    guard !failures.isEmpty else { return TencentAnswer.ok(["MsgKey": .string(answered.text)]) }
    return [
      "ActionStatus": "SomeError", "ErrorInfo": "Some receivers cannot be sent to.",
      "ErrorCode": 0, "MsgKey": .string(answered.text), "ErrorList": .array(failures),
    ]
  }

  /// https://cloud.tencent.com/document/product/269/2568
  private func importMessage(_ call: TencentCall) async throws -> JSON {
    try call.checkSize()
    let body = call.body
    guard
      let mode = try body.integer("SyncFromOldSystem", in: 1...5, TencentError.badOldSystem),
      mode == 2 || mode == 5
    else {
      throw TencentError(
        TencentError.badOldSystem, "SyncFromOldSystem is missing or neither 2 nor 5.")
    }
    let receiver = try body.requiredAccount("To_Account", TencentError.badReceiver)
    let message = try TencentMessage(call)
    let order = try Order(call)
    let now = call.now.seconds
    guard let time = try body.integer("MsgTimeStamp", in: 0...now + 60, TencentError.badTime) else {
      throw TencentError(TencentError.badTime, "MsgTimeStamp is missing.")
    }
    let key = TencentMessageKey(sequence: order.sequence, random: order.random, time: time)
    let pair = [message.sender, receiver].sorted().map(\.rawValue)
    let event = try message.event(
      id: TencentID.event("import", call.app, pair + [key.text]),
      message: TencentID.message(
        key, from: message.sender, to: receiver, checksum: message.checksum), to: .user(receiver),
      at: Timestamp(microseconds: time * 1_000_000),
      [
        .init("push", false), .init("counts_unread", .bool(mode == 5)), .init("callback", false),
      ])
    _ = try await appender.appendEvents([event], to: call.app)
    return TencentAnswer.ok()
  }

  // MARK: Recalling

  /// https://cloud.tencent.com/document/product/269/38980
  private func withdraw(_ call: TencentCall) async throws -> JSON {
    let sender = try call.body.requiredAccount("From_Account", TencentError.badSender)
    let receiver = try call.body.requiredAccount("To_Account", TencentError.badReceiver)
    let text = try call.body.text("MsgKey", TencentError.badMessageKey) ?? ""
    guard let key = TencentMessageKey(text) else {
      throw TencentError(
        TencentError.badMessageKey, "MsgKey is not <MsgSeq>_<MsgRandom>_<MsgTime>.")
    }
    let prefix = TencentID.prefix(key, from: sender, to: receiver)
    let ids = try await reading.ledger.messages(prefixed: prefix, of: call.app)
    guard !ids.isEmpty else {
      throw TencentError(TencentError.noSuchMessage, "There is no message with this MsgKey.")
    }
    let recalls = try ids.map { id in
      try FieldNames.plain.door(
        id: EventID.recall(id, app: call.app), type: .messageRecalled, occurredAt: call.now,
        data: ["message_id": JSON(id), "by": JSON(call.administrator)], content: nil)
    }
    guard try await appender.appendEvents(recalls, to: call.app).contains(where: \.isNew) else {
      throw TencentError(TencentError.alreadyRecalled, "The message was recalled already.")
    }
    return TencentAnswer.ok()
  }

  // MARK: Reading

  /// https://cloud.tencent.com/document/product/269/50349
  private func setRead(_ call: TencentCall) async throws -> JSON {
    let reader = try call.body.requiredAccount("Report_Account", TencentError.badSender)
    let peer = try call.body.requiredAccount("Peer_Account", TencentError.badReceiver)
    let seconds = try call.body.integer(
      "MsgReadTime", in: 0...call.now.seconds + 60, TencentError.badTime)
    let position: Position
    if let seconds {
      // All of that second is read.
      position = try await reading.ledger.position(
        at: Timestamp(microseconds: (seconds + 1) * 1_000_000 - 1), of: call.app)
    } else {
      position = try await reading.ledger.head(of: call.app)
    }
    let mark = try FieldNames.plain.door(
      id: UUID(), type: .conversationRead,
      occurredAt: seconds.map { Timestamp(microseconds: $0 * 1_000_000) } ?? call.now,
      data: [
        "user": JSON(reader), "conversation": ["user": JSON(peer)],
        "up_to_position": .integer(position),
      ], content: nil)
    _ = try await appender.appendEvents([mark], to: call.app)
    return TencentAnswer.ok()
  }

  /// https://cloud.tencent.com/document/product/269/56043
  private func unread(_ call: TencentCall) async throws -> JSON {
    let user = try call.body.requiredAccount("To_Account", TencentError.badReceiver)
    let peers = try call.body.array("Peer_Account", TencentError.badFormat)
    guard peers?.count ?? 0 <= Self.peersPerQuestion else {
      throw TencentError(
        TencentError.tooManyReceivers,
        "Peer_Account has \(peers?.count ?? 0) entries; at most \(Self.peersPerQuestion) are taken."
      )
    }
    // What was sent a moment ago counts.
    try await reading.awaitHead(of: call.app)
    let report = try await reading.projection.unread(of: user, in: call.app)
    guard let peers else {
      return TencentAnswer.ok(["AllC2CUnreadMsgNum": .integer(report.c2c)])
    }
    var counts: [JSON] = []
    var failures: [JSON] = []
    for peer in peers {
      guard let account = peer.string.flatMap(TencentBody.account) else {
        failures.append([
          "Peer_Account": peer, "ErrorCode": .integer(TencentError.badReceiver),
        ])
        continue
      }
      let found = report.conversations.first { $0.peer == .user(account) }
      counts.append([
        "Peer_Account": JSON(account), "C2CUnreadMsgNum": .integer(found?.unread ?? 0),
      ])
    }
    return TencentAnswer.ok([
      "C2CUnreadMsgNumList": .array(counts), "ErrorList": .array(failures),
    ])
  }
}
