import Foundation
import NIOHTTP1
import PushCore
import TestSupport
import Testing

/// A secret that its provider takes no more keeps back what needs it, and nothing else, until it is
/// mended: then all of it goes, once, by the dispatcher that runs.
@Suite("Stop only the refused", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(4)))
struct StopOnlyTheRefused {
  private static let perRound = 4

  /// Who gets pushes: by the credential that is refused, by another of its provider, by APNs.
  fileprivate enum Way: CaseIterable {
    case refused, sound, apple
  }

  @Test(
    "G8: another credential and another provider go on; what waited goes once when it is mended",
    arguments: GivenSecret.Vendor.allCases)
  func waitsForTheMended(vendor: GivenSecret.Vendor) async throws {
    try await CommandRig.run { rig in
      let first = try GivenSecret(vendor, "first")
      let second = try GivenSecret(vendor, "second")
      let played = try await PlayedProvider.start(rig, vendor.rawValue)
      let apns = try await PlayedAPNs.start(rig, latency: 0)
      // At Xiaomi no secret ends, so it knows this one never.
      let held = vendor == .xiaomi ? 0...2 : 1...2
      try await GivenSecret.makeKnown(
        vendor == .xiaomi ? [second] : [first, second], at: played)
      for given in [first, second] { try await rig.succeed(given.addition(rig, at: played)) }
      let projector = try rig.start(["project"])
      let dispatcher = try rig.start(["dispatch"])

      try await send(rig, round: 0, vendor)
      try await expectDue(held.contains(0) ? Self.perRound : 0, rig)
      let wrong = try GivenSecret(vendor, "first")
      switch vendor {
      case .fcm:
        try await played.call(.DELETE, "/accounts")
        try await GivenSecret.makeKnown([second], at: played)
      case .huawei: try await GivenSecret.makeKnown([wrong, second], at: played)
      case .xiaomi: break
      }
      for round in 1...2 { try await send(rig, round: round, vendor) }
      try await expectDue(held.count * Self.perRound, rig)
      let shown = try await expectShown(rig, vendor)
      let taken = try await played.taken()
      let sent = expected((0...2).filter { !held.contains($0) }, [.refused])
      #expect(pairs(taken) == (sent + expected(0...2, [.sound])).sorted())
      #expect(try await apns.arrivals().count == 3 * Self.perRound)
      #expect(try await rig.number(Self.invalidations) == 0, "no token is given up for it")

      let mended = try GivenSecret(vendor, "first")
      try await GivenSecret.makeKnown([mended, second], at: played)
      try await rig.succeed(mended.addition(rig, at: played) + ["--replace"])
      try await expectDue(0, rig)
      #expect(
        pairs(try await played.taken()) == expected(0...2, [.refused, .sound]),
        "all of it, each once")
      #expect(try await apns.arrivals().count == 3 * Self.perRound)
      #expect(
        try await rig.number(Self.accepted) == Int64(3 * 3 * Self.perRound),
        "each once in the ledger")
      let isQuiet = try await eventually(within: .seconds(30)) {
        try await circuits(rig).isEmpty
      }
      #expect(isQuiet, "nothing is said of it any more")

      for role in [dispatcher, projector] {
        let stopped = await role.stop()
        #expect(stopped.status == 0, "\(stopped)")
        for secret in (first.secrets + second.secrets + wrong.secrets + mended.secrets) {
          #expect(!stopped.errors.contains(secret) && !shown.text.contains(secret), "G13")
        }
      }
    }
  }

  private static let accepted =
    "select count(*) from pushledger.attempts where outcome = 'accepted'"
  private static let invalidations =
    "select count(*) from pushledger.events where type = 'device.token_invalidated'"

  // MARK: What is sent

  private func send(_ rig: CommandRig, round: Int, _ vendor: GivenSecret.Vendor) async throws {
    var lines: [String] = []
    func add(_ type: EventType, _ data: JSON, _ content: JSON) {
      lines.append(
        JSON.object(present: [
          ("event_id", .string(UUID().uuidString.lowercased())), ("type", .string(type.rawValue)),
          ("occurred_at", .string("2026-01-01T00:00:00Z")), ("data", data), ("content", content),
        ]).text)
    }
    for way in Way.allCases {
      if round == 0 { add(.deviceRegistered, device(way, vendor), ["token": .string(way.token)]) }
      for index in 0..<Self.perRound {
        let text = Self.text(way, round, index)
        add(
          .messageSent,
          [
            "message_id": .string(text), "from": "sender",
            "conversation": ["user": .string("\(way)")],
          ],
          ["elements": [["MsgType": "TIMTextElem", "MsgContent": ["Text": .string(text)]]]])
      }
    }
    let file = try rig.write("round.ndjson", lines.joined(separator: "\n") + "\n")
    try await rig.succeed("import", CommandRig.app, file)
    let isDecided = try await eventually(within: .seconds(30)) {
      try await rig.number(
        "select coalesce(sum(lag_events), 1)::bigint from pushledger.projection_status") == 0
    }
    #expect(isDecided)
  }

  private func device(_ way: Way, _ vendor: GivenSecret.Vendor) -> JSON {
    .object(present: [
      ("user", .string("\(way)")), ("device", "phone"),
      ("platform", way == .apple ? "ios" : "android"),
      ("provider", way == .apple ? "apns" : .string(vendor.rawValue)),
      ("topic", .string(way.topic)), ("credential", way.credential.map { .string($0) }),
      ("environment", "production"),
    ])
  }

  private static func text(_ way: Way, _ round: Int, _ index: Int) -> String {
    "\(way)-\(round)-\(index)"
  }

  // MARK: What is expected

  /// Token and text of each push, in a fixed order: that tells one from another at every provider.
  private func pairs(_ taken: [PlayedProvider.Taken]) -> [String] {
    taken.map { "\($0.token) \($0.text ?? "")" }.sorted()
  }

  private func expected(_ rounds: some Sequence<Int>, _ ways: [Way]) -> [String] {
    rounds.flatMap { round in
      ways.flatMap { way in
        (0..<Self.perRound).map { "\(way.token) \(Self.text(way, round, $0))" }
      }
    }.sorted()
  }

  private func expectDue(_ count: Int, _ rig: CommandRig) async throws {
    let isSo = try await eventually(within: .seconds(40)) {
      try await rig.number("select count(*) from dispatch.due") == Int64(count)
    }
    let status = try await rig.succeed("status").text
    #expect(isSo, "\(status)")
  }

  private func circuits(_ rig: CommandRig) async throws -> [JSON] {
    try await rig.succeed("status", "--json").json?.array?.first?["dispatch"]?["circuits"]?.array
      ?? []
  }

  /// `status` names the credential, and why; nothing else is in trouble.
  private func expectShown(
    _ rig: CommandRig, _ vendor: GivenSecret.Vendor
  ) async throws -> FinishedCommand {
    let isNamed = try await eventually(within: .seconds(30)) {
      try await circuits(rig).contains { $0["state"] == "open" }
    }
    #expect(isNamed)
    let open = try await circuits(rig)
    #expect(open.count == 1)
    #expect(open.first?["provider"] == .string(vendor.rawValue))
    #expect(open.first?["credential"] == "first" && open.first?["host"] == .null)
    #expect(open.first?["reason"] == .string(vendor.refusal))
    let shown = try await rig.succeed("status")
    let line = try #require(shown.lines.first { $0.contains("\(CommandRig.app)/first") })
    #expect(line.contains(vendor.refusal), "\(line)")
    #expect(!shown.text.contains("\(CommandRig.app)/second"))
    return shown
  }
}

extension StopOnlyTheRefused.Way {
  fileprivate var credential: String? {
    switch self {
    case .refused: "first"
    case .sound: "second"
    case .apple: nil
    }
  }

  fileprivate var topic: String {
    credential.map { "org.example.\($0)" } ?? SigningPair.topic
  }

  fileprivate var token: String {
    self == .apple ? String(repeating: "a1", count: 32) : "token-of-\(self)"
  }
}
