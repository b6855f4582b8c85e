import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@testable import Projections

/// The functions that tell how things stood, held against the fold at every position of histories
/// in which everything happens.
@Suite("Read the past", .enabled(if: TestDatabase.isAvailable))
struct ReadThePast {
  private static let blocks = 0..<4
  private static let historiesPerBlock = 30

  @Test("unread_at says what the fold said, for every user at every position", arguments: blocks)
  func unread(_ block: Int) async throws {
    try await overHistories(block) { rig, app, events, seed in
      let difference = try await unreadDiffers(rig, app, events, seed)
      #expect(difference == nil)
    }
  }

  @Test("unread_at tells of those who write much what it tells of all")
  func talkers() async throws {
    try await ProjectionRig.run { rig in
      let events = try Self.talk(200)
      try await rig.append(events)
      try await rig.project(rig.app, batch: 1_000)
      let difference = try await unreadDiffers(rig, rig.app, events, 0)
      #expect(difference == nil)
    }
  }

  @Test("unread_at tells of one conversation what it tells of all")
  func oneConversation() async throws {
    try await overHistories(0) { rig, app, events, seed in
      let rows = try await rig.pool.query(
        """
        select count(*) from unnest($3::text[]) u, pushledger.unread_at($1, u, $2) a
        where not exists (
          select from pushledger.unread_at($1, u, $2, a.conversation) b
          where row (b.*) is not distinct from row (a.*))
        """, [app.rawValue, Int64(events.count), RandomHistory.userIDs])
      #expect(try rows[0].get(0, as: Int64.self) == 0, "seed \(seed)")
    }
  }

  @Test("device_at says what the fold said, of every device at every position", arguments: blocks)
  func devices(_ block: Int) async throws {
    try await overHistories(block) { rig, app, events, seed in
      let difference = try await devicesDiffer(rig, app, events, seed)
      #expect(difference == nil)
    }
  }

  @Test("tokens shows each token for as long as the fold pushed by it", arguments: blocks)
  func tokens(_ block: Int) async throws {
    try await overHistories(block) { rig, app, events, seed in
      let difference = try await tokensDiffer(rig, app, events, seed)
      #expect(difference == nil)
    }
  }

  /// Whether each switch counted depends on the switch before, and that on the one before it.
  @Test("device_at and tokens tell of a token that went to and fro as of any other")
  func switches() async throws {
    try await ProjectionRig.run { rig in
      let events = try Self.switches(40)
      try await rig.append(events)
      let devices = try await devicesDiffer(rig, rig.app, events, 0)
      #expect(devices == nil)
      let tokens = try await tokensDiffer(rig, rig.app, events, 0)
      #expect(tokens == nil)
      let ended = try await rig.pool.query(
        """
        select count(*) filter (where ended_by = 'taken'), count(*) from pushledger.tokens
        where app = $1
        """, [rig.app.rawValue])
      #expect(try ended[0].get(0, as: Int64.self) == 39)
      #expect(try ended[0].get(1, as: Int64.self) == 40)
    }
  }

  // MARK: Against the fold

  private func unreadDiffers(
    _ rig: ProjectionRig, _ app: AppID, _ events: [NewEvent], _ seed: UInt64
  ) async throws -> String? {
    let rows = try await rig.pool.query(
      """
      select p::text, encode(convert_to(u, 'UTF8'), 'hex'),
        encode(convert_to(a.conversation, 'UTF8'), 'hex'), a.unread::text, a.receive,
        a.read_position::text
      from generate_series(1, $2::bigint) p, unnest($3::text[]) u,
        pushledger.unread_at($1, u, p) a
      """, [app.rawValue, Int64(events.count), RandomHistory.userIDs])
    let told = Set(try rows.map { row in try (0..<6).map { try row.get($0, as: String.self) } })
    var expected: Set<[String]> = []
    try fold(events) { position, state in
      for (key, conversation) in state.conversations {
        for (user, member) in conversation.members {
          expected.insert([
            "\(position)", Hex.encode(user.rawValue.utf8), Hex.encode(key.storedName.utf8),
            "\(conversation.unread(of: user))", member.receive.rawValue,
            "\(member.readPosition)",
          ])
        }
      }
    }
    return Self.difference(told, expected, seed)
  }

  private func devicesDiffer(
    _ rig: ProjectionRig, _ app: AppID, _ events: [NewEvent], _ seed: UInt64
  ) async throws -> String? {
    let rows = try await rig.pool.query(
      """
      select p::text, encode(convert_to(u, 'UTF8'), 'hex'), v, a.platform,
        coalesce(a.provider, '-'), coalesce(a.token_sha256, '-'), a.environment,
        coalesce(a.push::text, '-'), coalesce(a.c2c_sound, '-'), coalesce(a.group_sound, '-'),
        coalesce(a.state, '-'), coalesce(a.kicked_at::text, '-'), coalesce(a.reach, '-'),
        (select coalesce(string_agg(f ->> 'provider' || ' ' || (f ->> 'token_sha256') || ' '
          || (f ->> 'valid'), ',' order by n), '')
          from jsonb_array_elements(a.fallbacks) with ordinality as f (f, n))
      from generate_series(1, $2::bigint) p, unnest($3::text[]) u, unnest($4::text[]) v,
        pushledger.device_at($1, u, v, p) a
      """,
      [app.rawValue, Int64(events.count), RandomHistory.userIDs, RandomHistory.deviceIDs])
    let told = Set(try rows.map { row in try (0..<14).map { try row.get($0, as: String.self) } })
    var expected: Set<[String]> = []
    try fold(events) { position, state in
      for (user, known) in state.users {
        for device in known.devices {
          expected.insert(
            ["\(position)", Hex.encode(user.rawValue.utf8), device.id.rawValue]
              + Self.facts(device))
        }
      }
    }
    return Self.difference(told, expected, seed)
  }

  private func tokensDiffer(
    _ rig: ProjectionRig, _ app: AppID, _ events: [NewEvent], _ seed: UInt64
  ) async throws -> String? {
    let rows = try await rig.pool.query(
      """
      select p::text, encode(convert_to(t.user_id, 'UTF8'), 'hex'), t.device_id, t.place::text,
        t.provider, t.token_sha256
      from generate_series(1, $2::bigint) p
      join pushledger.tokens t on t.app = $1 and t.since_position <= p
        and coalesce(t.until_position > p, true)
      """, [app.rawValue, Int64(events.count)])
    let told = Set(try rows.map { row in try (0..<6).map { try row.get($0, as: String.self) } })
    #expect(told.count == rows.count, "seed \(seed): a token shows twice at once")
    var expected: Set<[String]> = []
    try fold(events) { position, state in
      for (user, known) in state.users {
        for device in known.devices where !device.loggedOut {
          for (place, way) in Self.ways(device).enumerated() where way.isValid {
            expected.insert([
              "\(position)", Hex.encode(user.rawValue.utf8), device.id.rawValue, "\(place)",
              way.key.provider.rawValue, way.key.sha256,
            ])
          }
        }
      }
    }
    return Self.difference(told, expected, seed)
  }

  // MARK: Histories

  private func overHistories(
    _ block: Int,
    _ body: @Sendable (ProjectionRig, AppID, [NewEvent], UInt64) async throws -> Void
  ) async throws {
    try await ProjectionRig.run { rig in
      for number in 0..<Self.historiesPerBlock {
        let seed = UInt64(block * 1_000 + number)
        let app = AppID(unchecked: "past-\(seed)")
        var random = SeededRandom(seed: seed ^ 0x9A57)
        var source = RandomHistory(seed: seed, app: app)
        var events = try source.events(Int.random(in: 40...140, using: &random)).map { event in
          // Some registrations count only while the device is logged in.
          let isRegistration = event["type"]?.string == EventType.deviceRegistered.rawValue
          guard isRegistration, random.chance(30), let data = event["data"] else {
            return try EventDoor.event(from: event)
          }
          return try EventDoor.event(
            from: event.setting("data", to: data.setting("while_logged_in", to: true)))
        }
        // Some were left out by decision, wherever they stand.
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          let position = JSON.integer(Int.random(in: 1...events.count, using: &random))
          events.append(
            try Self.event(
              .eventSkipped, ["projection": "notifications", "position": position]))
        }
        let history = events
        try await rig.create(app)
        try await rig.append(history, to: app)
        try await rig.project(app, batch: 1_000)
        try await body(rig, app, history, seed)
      }
    }
  }

  /// Two accounts on one phone, each of which logs in and takes its token over, and never logs out.
  private static func switches(_ count: Int) throws -> [NewEvent] {
    try (0..<count).flatMap { number in
      let device: JSON = [
        "user": number.isMultiple(of: 2) ? "ann" : "bob", "device": "phone", "platform": "ios",
      ]
      return [
        try event(.deviceLoggedIn, device),
        try event(
          .deviceRegistered,
          device.setting("provider", to: "apns").setting("while_logged_in", to: true),
          content: ["token": "t1"]),
      ]
    }
  }

  /// Two members of a group that write and read little, or never; and reject it for a while.
  private static func talk(_ count: Int) throws -> [NewEvent] {
    let group: JSON = ["group": "g"]
    var events = try ["ann", "bob", "cho"].map {
      try event(.memberAdded, group.setting("user", to: .string($0)))
    }
    for number in 0..<count {
      events.append(
        try event(
          .messageSent,
          [
            "message_id": .string("m\(number)"), "from": number.isMultiple(of: 3) ? "bob" : "ann",
            "conversation": group,
          ], content: ["elements": []]))
      if number == count / 2 {
        events.append(
          try event(
            .conversationRead, ["user": "bob", "conversation": group, "up_to": "m50"]))
      }
      if number % 70 == 60 {
        let option: JSON = number == 60 ? "reject" : "notify"
        events.append(
          try event(
            .groupReceiveChanged, ["group": "g", "user": "ann", "receive": option]))
        events.append(
          try event(.messageRecalled, ["message_id": .string("m\(number - 5)"), "by": "ann"]))
      }
    }
    return events
  }

  private static func event(
    _ type: EventType, _ data: JSON, content: JSON? = nil
  ) throws -> NewEvent {
    try EventDoor.event(
      from: .object(present: [
        ("event_id", .string(UUID().uuidString.lowercased())), ("type", .string(type.rawValue)),
        ("occurred_at", "2023-12-31T00:00:00Z"), ("data", data), ("content", content),
      ]))
  }

  private func fold(
    _ events: [NewEvent], _ look: (Position, FoldState) -> Void
  ) throws {
    var fold = Fold()
    let bodies = try events.map { try $0.body() }
    var skipped: Set<Position> = []
    for case .eventSkipped(let projection, let position) in bodies
    where projection.rawValue == ProjectionTables.projection {
      skipped.insert(position)
    }
    for (index, event) in events.enumerated() {
      let position = Position(index + 1)
      if !skipped.contains(position) {
        _ = fold.apply(
          bodies[index], at: position, occurredAt: event.occurredAt, recordedAt: event.occurredAt)
      }
      look(position, fold.state)
    }
  }

  private static func ways(_ device: DeviceState) -> [(key: TokenKey, isValid: Bool)] {
    (device.registered.map { [($0, device.tokenValid)] } ?? [])
      + device.fallbacks.map { ($0.registered, $0.tokenValid) }
  }

  private static func facts(_ device: DeviceState) -> [String] {
    let ways = ways(device)
    let activity = device.activity?.rawValue ?? "-"
    let isOut = device.loggedOut || device.offline
    let state =
      if device.loggedOut { "logged_out" } else if device.offline {
        "offline"
      } else if !ways
        .isEmpty, !ways.contains(where: \.isValid)
      { "token_invalid" } else { activity }
    return [
      device.platform.rawValue, device.registered?.provider.rawValue ?? "-",
      device.registered?.sha256 ?? "-", device.environment.rawValue,
      device.settings.push.map(String.init) ?? "-", device.settings.c2cSound ?? "-",
      device.settings.groupSound ?? "-", state, device.kickedAt.map(String.init) ?? "-",
      isOut ? "offline" : activity,
      device.fallbacks.map {
        "\($0.registered.provider.rawValue) \($0.registered.sha256) \($0.tokenValid)"
      }.joined(separator: ","),
    ]
  }

  /// Nil where they are the same.
  private static func difference(
    _ told: Set<[String]>, _ expected: Set<[String]>, _ seed: UInt64
  ) -> String? {
    func first(_ rows: Set<[String]>) -> String {
      rows.sorted { (Int($0[0]) ?? 0) < (Int($1[0]) ?? 0) }.prefix(3)
        .map { $0.joined(separator: " ") }.joined(separator: "\n  ")
    }
    guard told != expected else { return nil }
    return "seed \(seed), told but not so:\n  \(first(told.subtracting(expected)))\n"
      + "so but not told:\n  \(first(expected.subtracting(told)))"
  }
}
