import Ledger
import Postgres
import Projections
import PushCore

import struct Foundation.UUID

/// Makes the calls that tell of a page of events, in their order.
/// https://www.tencentcloud.com/document/product/1047/34355
struct Callbacks {
  let app: AppID
  let commands: Set<String>
  let pool: PostgresPool

  private var reader: NotificationsReader { NotificationsReader(pool: pool) }

  /// Each call's position is that of the event after which it is told; of calls that gather several
  /// events, the last one's.
  func calls(for events: [RecordedEvent]) async throws -> [WebhookCall] {
    var calls: [WebhookCall] = []
    let facts = try await PushFacts(events, app: app, pool: pool)
    for event in events {
      guard let body = try? event.event.body() else { continue }
      for call in try await self.calls(for: body, event, facts)
      where commands.contains(call.command) {
        Self.add(call, to: &calls)
      }
    }
    return calls
  }

  /// Push events of one kind that follow each other go in one call.
  private static func add(_ call: WebhookCall, to calls: inout [WebhookCall]) {
    guard let last = calls.last, last.command == call.command, call.command.hasPrefix("Push."),
      let gathered = last.body["Events"]?.array, let more = call.body["Events"]?.array,
      gathered.count + more.count <= WebhookCaller.pushesPerCall
    else {
      calls.append(call)
      return
    }
    calls[calls.count - 1].body = ["Events": .array(gathered + more)]
    calls[calls.count - 1].position = call.position
  }

  private func calls(
    for body: EventBody, _ event: RecordedEvent, _ facts: PushFacts
  ) async throws -> [WebhookCall] {
    switch body {
    case .messageSent(let message): return try await sent(message, event)
    case .messageRefused(let refusal): return [refused(refusal, event)]
    case .messageRecalled(let message, _): return try await recalled(message, event)
    case .conversationRead(let user, .user(let peer), _):
      return [try await read(user, peer, event)]
    case .deviceLoggedIn(let login): return [try await loggedIn(login, event)]
    case .deviceLoggedOut(let user, let device):
      return [try await state("Logout", "Unregister", user, device, event)]
    case .deviceKilled(let user, let device):
      let reason = data(event)["reason"]?.string
      let isLate = reason == LossReason.timedOut.rawValue
      return [
        try await state("Disconnect", isLate ? "TimeOut" : "LinkClose", user, device, event)
      ]
    case .pushAttempted, .pushDelivered, .pushOpened: return facts.calls(for: body, event)
    default: return []
    }
  }

  private func data(_ event: RecordedEvent) -> JSON {
    (try? JSON.parse(event.event.data)) ?? [:]
  }

  private func content(_ event: RecordedEvent) -> JSON {
    event.event.content.flatMap { try? JSON.parse($0) } ?? [:]
  }

  private func unread(of user: UserID) async throws -> JSON {
    .integer(try await reader.unread(of: user, in: app).c2c)
  }

  // MARK: Messages

  private func sent(_ message: Message, _ event: RecordedEvent) async throws -> [WebhookCall] {
    let data = data(event)
    let content = content(event)
    guard data["callback"] != false, data["broadcast"] == nil else { return [] }
    let tail: [(String, JSON?)] = [
      ("MsgBody", content["elements"] ?? []),
      ("CloudCustomData", content["cloud_custom_data"] ?? ""),
    ]
    let seconds = event.event.occurredAt.seconds
    switch message.conversation {
    case .user(let peer):
      let key = TencentMessageKey(message.id)
      let head: [(String, JSON?)] = [
        ("CallbackCommand", "C2C.CallbackAfterSendMsg"), ("From_Account", JSON(message.sender)),
        ("To_Account", JSON(peer)), ("MsgSeq", .integer(key?.sequence ?? event.position)),
        ("MsgRandom", .integer(key?.random ?? 0)), ("MsgTime", .integer(key?.time ?? seconds)),
        ("MsgKey", .string(key?.text ?? message.id.rawValue)),
        ("OnlineOnlyFlag", .integer(message.onlineOnly ? 1 : 0)), ("SendMsgResult", 0),
        ("ErrorInfo", "send msg succeed"), ("UnreadMsgNum", try await unread(of: peer)),
      ]
      return [call("C2C.CallbackAfterSendMsg", head + tail, event)]
    case .group(let group):
      guard commands.contains("Group.CallbackAfterSendMsg") else { return [] }
      let kind =
        try await LedgerReader(pool).groupKind(.group(group), of: app, at: event.position)?.name
        ?? ""
      let by = data["by"] ?? JSON(message.sender)
      let head: [(String, JSON?)] = [
        ("CallbackCommand", "Group.CallbackAfterSendMsg"), ("GroupId", JSON(group)),
        ("Type", .string(kind)), ("From_Account", JSON(message.sender)), ("Operator_Account", by),
        ("Random", .integer(TencentMessageKey.groupRandom(message.id) ?? 0)),
        ("MsgSeq", .integer(event.position)), ("MsgTime", .integer(seconds)),
        ("OnlineOnlyFlag", .integer(message.onlineOnly ? 1 : 0)),
      ]
      let end: [(String, JSON?)] = [
        ("TopicId", ""), ("EventTime", .integer(event.event.occurredAt.microseconds / 1_000)),
      ]
      return [call("Group.CallbackAfterSendMsg", head + tail + end, event)]
    }
  }

  private func refused(_ refusal: MessageRefusal, _ event: RecordedEvent) -> WebhookCall {
    let content = content(event)
    let key = TencentMessageKey(refusal.message)
    let head: [(String, JSON?)] = [
      ("CallbackCommand", "C2C.CallbackAfterSendMsg"), ("From_Account", JSON(refusal.sender)),
      ("To_Account", JSON(refusal.recipient)), ("MsgSeq", .integer(key?.sequence ?? 0)),
      ("MsgRandom", .integer(key?.random ?? 0)),
      ("MsgTime", .integer(event.event.occurredAt.seconds)), ("MsgKey", ""),
    ]
    let tail: [(String, JSON?)] = [
      ("OnlineOnlyFlag", 0), ("SendMsgResult", .integer(refusal.code)),
      ("ErrorInfo", data(event)["info"] ?? "send msg failed"), ("UnreadMsgNum", -1),
      ("MsgBody", content["elements"] ?? []),
      ("CloudCustomData", content["cloud_custom_data"] ?? ""),
    ]
    return call("C2C.CallbackAfterSendMsg", head + tail, event)
  }

  private func recalled(_ id: MessageID, _ event: RecordedEvent) async throws -> [WebhookCall] {
    guard commands.contains("C2C.CallbackAfterMsgWithDraw"),
      let report = try await reader.message(id, of: app, limit: 1),
      case .user(let peer) = report.recipient
    else { return [] }
    let key = TencentMessageKey(id)?.text ?? id.rawValue
    return [
      call(
        "C2C.CallbackAfterMsgWithDraw",
        [
          ("CallbackCommand", "C2C.CallbackAfterMsgWithDraw"),
          ("From_Account", JSON(report.sender)), ("To_Account", JSON(peer)),
          ("MsgKey", .string(key)), ("UnreadMsgNum", try await unread(of: peer)),
        ], event)
    ]
  }

  private func read(
    _ user: UserID, _ peer: UserID, _ event: RecordedEvent
  ) async throws -> WebhookCall {
    call(
      "C2C.CallbackAfterMsgReport",
      [
        ("CallbackCommand", "C2C.CallbackAfterMsgReport"), ("Report_Account", JSON(user)),
        ("Peer_Account", JSON(peer)), ("LastReadTime", .integer(event.event.occurredAt.seconds)),
        ("UnreadMsgNum", try await unread(of: user)),
      ], event)
  }

  private func call(
    _ command: String, _ members: [(String, JSON?)], _ event: RecordedEvent
  ) -> WebhookCall {
    WebhookCall(
      command: command, body: .object(present: members), platform: "RESTAPI",
      position: event.position)
  }

  // MARK: States

  private func loggedIn(_ login: DeviceLogin, _ event: RecordedEvent) async throws -> WebhookCall {
    let devices = try await devices(of: login.user, upTo: event.position)
    let kicked = devices.filter { $0.kickedAt == event.position }.map { device in
      JSON.object([.init("Platform", .string(Self.platform(device.platform.rawValue)))])
    }
    return state(
      "Login", "Register", login.user, login.platform.rawValue, event,
      [("KickedDevice", .array(kicked))])
  }

  private func state(
    _ action: String, _ reason: String, _ user: UserID, _ device: DeviceID, _ event: RecordedEvent
  ) async throws -> WebhookCall {
    let devices = try await devices(of: user, upTo: event.position)
    let platform = devices.first { $0.id == device }?.platform ?? .other
    return state(action, reason, user, platform.rawValue, event, [])
  }

  /// A user's devices as they were after an event, folded from their own history: what is told late
  /// is told as it was.
  private func devices(
    of user: UserID, upTo position: Position
  ) async throws -> [DeviceState] {
    guard commands.contains("State.StateChange") else { return [] }
    let prefix = StreamName.device(user, DeviceID(unchecked: "")).rawValue
    let rows = try await pool.query(
      """
      select position, type, occurred_at, data from ledger.events
      where app = $1 and position <= $4
        and (stream > $2 and stream < $3 and type in ('device.logged_in', 'device.registered',
            'device.logged_out', 'device.unregistered')
          or stream = $5 and type = 'user.deleted')
      order by position
      """,
      [
        app.rawValue, prefix, String(prefix.dropLast()) + "0", position,
        StreamName.user(user).rawValue,
      ])
    var fold = Fold()
    for row in rows {
      let time = try row.timestamp(2)
      guard let type = EventType(rawValue: try row.get(1)),
        let body = try? EventBody(
          type, data: try JSON.parse(try row.get(3, as: PostgresJSONB.self).bytes), content: nil)
      else { continue }
      _ = fold.apply(body, at: try row.get(0), occurredAt: time, recordedAt: time)
    }
    return fold.state.users[user]?.devices ?? []
  }

  private func state(
    _ action: String, _ reason: String, _ user: UserID, _ platform: String,
    _ event: RecordedEvent, _ more: [(String, JSON?)]
  ) -> WebhookCall {
    let info = JSON.object([
      .init("Action", .string(action)), .init("To_Account", JSON(user)),
      .init("Reason", .string(reason)),
    ])
    let name = Self.platform(platform)
    let body: [(String, JSON?)] =
      [
        ("CallbackCommand", "State.StateChange"),
        ("EventTime", .integer(event.event.occurredAt.microseconds / 1_000)), ("Info", info),
      ] + more
    return WebhookCall(
      command: "State.StateChange", body: .object(present: body),
      // In the URL this command alone writes it so, and the Mac otherwise than in the body.
      platform: ["iOS": "IOS", "Mac": "macOS"][name] ?? name, position: event.position)
  }

  private static let platforms = [
    "ios": "iOS", "ipad": "iPad", "android": "Android", "web": "Web", "windows": "Windows",
    "mac": "Mac", "linux": "Linux",
  ]

  private static func platform(_ platform: String) -> String { platforms[platform] ?? "Unknown" }
}
