import Ledger
import Postgres
import Projections
import PushCore
import PushDispatch
import TestSupport
import Testing

import struct Foundation.UUID

extension OnADatabase {
  @Suite struct FollowOrders {
    private static let now = Timestamp(microseconds: 1_800_000_000_000_000)

    private static func delivery(of message: String, _ user: String) -> UUID {
      DeliveryID.make(
        app: DispatchRig.app, message: MessageID(unchecked: message),
        user: UserID(unchecked: user), device: DeviceID(unchecked: "phone"))
    }

    private static func order(
      _ order: DeliveryControl.Order, _ ids: [UUID], _ rig: DispatchRig
    ) async throws -> Int {
      try await DeliveryControl(rig.pool).carryOut(
        order, ids, of: DispatchRig.app, by: "key1", reason: "INC-7", now: now)
    }

    private static func row(_ rig: DispatchRig, _ id: UUID) async throws -> String {
      try await rig.pool.query(
        """
        select concat_ws(' ', status, coalesce(reason, '-'), attempts, ended_at is not null)
        from pushledger.deliveries where delivery_id = $1
        """, [id])[0].get(0)
    }

    private static func drifts(_ rig: DispatchRig) async throws -> [String] {
      try await ProjectionDiff(rig.pool, app: DispatchRig.app, limit: 5).run().drifts
        .map(\.json.text)
    }

    @Test("what was refused is sent again once it is ordered, and counts its attempts on")
    func sendsAgain() async throws {
      try await DispatchRig.run { rig in
        let refusing = ScriptedProvider { request in
          request.attempt == 1
            ? .answer(AttemptResult(.rejected, status: 400, reason: "TopicDisallowed"))
            : .accept
        }
        let dispatcher = rig.start(refusing)
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually { try await rig.attempts().count == 1 }
        try await rig.project()
        let id = Self.delivery(of: "m1", "ann")
        #expect(try await Self.row(rig, id) == "rejected TopicDisallowed 1 t")
        #expect(try await Self.order(.retry, [id], rig) == 1)
        // The projection has not come to the order yet: another one would be one too many.
        #expect(try await Self.order(.retry, [id], rig) == 0)
        try await rig.project()
        try await eventually { try await rig.attempts().count == 2 }
        try await rig.project()
        #expect(try await Self.row(rig, id) == "accepted - 2 t")
        #expect(refusing.pushes.map(\.attempt) == [1, 2])
        #expect(try await rig.due() == 0)
        #expect(try await Self.order(.retry, [id], rig) == 0, "it rang already")
        #expect(try await Self.drifts(rig) == [])
        try await dispatcher.stop()
      }
    }

    @Test("what is due is called off, and can be sent again; an order says who and why")
    func callsOff() async throws {
      try await DispatchRig.run { rig in
        try await rig.project([
          .device("ann"), .device("bob"), .message("m1", to: "ann"), .message("m2", to: "bob"),
        ])
        let (first, other) = (Self.delivery(of: "m1", "ann"), Self.delivery(of: "m2", "bob"))
        #expect(try await Self.order(.cancel, [first, first, UUID()], rig) == 1)
        try await rig.project()
        #expect(try await Self.row(rig, first) == "cancelled operator 0 t")
        #expect(try await Self.row(rig, other) == "due - 0 f")
        #expect(try await rig.due() == 1)
        let event = try #require(try await rig.events(.pushCancelled).first)
        guard case .pushCancelled(let order) = try event.body() else { return }
        #expect(order.by == "key1")
        #expect(order.reason == "INC-7")
        // A batch that holds both, and what follows an order, folds as one event after the other.
        #expect(try await Self.order(.retry, [first], rig) == 1)
        try await rig.append([.recall("m2")])
        try await rig.project()
        #expect(try await Self.row(rig, first) == "due - 0 f")
        #expect(try await Self.row(rig, other) == "cancelled recalled 0 t")
        #expect(try await rig.due() == 1)
        #expect(try await Self.drifts(rig) == [])
      }
    }

    @Test("says why it leaves a delivery as it is")
    func refuses() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider { request in
          request.token == "token-ann"
            ? .accept : .answer(AttemptResult(.rejected, status: 400, reason: "BadTopic"))
        }
        let dispatcher = rig.start(provider)
        try await rig.project([
          .device("ann"), .device("bob"), .message("m1", to: "ann"), .message("m2", to: "bob"),
          .message("m3", to: "bob"), .message("m4", to: "cho"),
        ])
        try await eventually { try await rig.attempts().count == 3 }
        try await dispatcher.stop()
        try await rig.project([.recall("m2"), .message("m5", to: "ann")])
        let ids = [
          Self.delivery(of: "m1", "ann"), Self.delivery(of: "m2", "bob"),
          Self.delivery(of: "m5", "ann"),
        ]
        let plan = try await DeliveryControl(rig.pool).plan(.retry, ids, of: DispatchRig.app)
        #expect(plan.map(\.id) == ids)
        #expect(
          plan.map { $0.refusal ?? "-" } == [
            "The provider took it: sent again, the phone would ring twice.",
            "Its message was recalled.", "It is due: it is tried again by itself.",
          ])
        let other = AppID(unchecked: "other")
        try await Apps(rig.pool).create(other)
        #expect(try await DeliveryControl(rig.pool).plan(.retry, ids, of: other).isEmpty)
        _ = try await Eraser(rig.pool).run(
          .message(MessageID(unchecked: "m3")), in: DispatchRig.app, reason: nil)
        let erased = [Self.delivery(of: "m3", "bob")]
        #expect(try await Self.order(.retry, erased, rig) == 0)
        #expect(
          try await DeliveryControl(rig.pool).plan(.retry, erased, of: DispatchRig.app)
            .map(\.refusal) == ["What its message said was erased."])
      }
    }

    @Test("a test push goes to the one device, and counts as unread for nobody")
    func sendsATest() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider()
        let dispatcher = rig.start(provider)
        try await rig.project([.device("ann"), .tablet("ann")])
        let message = try await TestPush(rig.pool).send(
          TestPush.Order(
            user: UserID(unchecked: "ann"), device: DeviceID(unchecked: "tablet"), title: "Test",
            text: "Hello"), to: DispatchRig.app, now: Self.now)
        try await rig.project()
        try await eventually { provider.pushes.count == 1 }
        try await dispatcher.stop()
        #expect(provider.pushes.map(\.token) == ["tablet-ann"])
        try await rig.project()
        #expect(
          try await rig.count("pushledger.deliveries where message_id = '\(message)'") == 1)
        #expect(try await rig.count("pushledger.unread where unread > 0") == 0)
      }
    }
  }
}

extension NewEvent {
  fileprivate static func tablet(_ user: String) -> NewEvent {
    do {
      return try EventDoor.event(
        id: UUID(), type: .deviceRegistered,
        occurredAt: Timestamp(microseconds: 1_700_000_000_000_000),
        data: [
          "user": .string(user), "device": "tablet", "platform": "ios", "provider": "apns",
          "topic": "org.example.chat",
        ], content: ["token": .string("tablet-\(user)")])
    } catch {
      preconditionFailure("A test's event is wrong: \(error)")
    }
  }
}
