import Ledger
import Postgres
import PushCore
import Synchronization
import Testing

import struct Foundation.UUID

@testable import PushDispatch

extension OnADatabase {
  @Suite struct DispatchDeliveries {
    @Test("G8, G10: an accepted push is in the ledger and no longer due")
    func accepts() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider()
        let dispatcher = rig.start(provider)
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually { try await rig.attempts().count == 1 }
        let attempt = try #require(try await rig.attempts().first)
        #expect(attempt.outcome == .accepted && attempt.attempt == 1 && attempt.status == 200)
        #expect(attempt.message.rawValue == "m1" && attempt.user.rawValue == "ann")
        #expect(attempt.providerMessageID == "receipt" && attempt.badge == 1)
        #expect(attempt.dispatcher == dispatcher.dispatcher.name && !attempt.fenced)
        #expect(attempt.startedAt <= attempt.finishedAt)
        #expect(try await rig.due() == 0)
        #expect(provider.pushes.map(\.token) == ["token-ann"])
        try await dispatcher.stop()
        #expect(try await rig.count("dispatch.lanes where dispatcher is not null") == 0)
        #expect(try await rig.count("dispatch.handed_out") == 0)
        try await rig.project()
        #expect(
          try await rig.count("notifications_v1.deliveries where status = 'accepted'") == 1)
      }
    }

    @Test("a device gets the text that the sender wrote for its language")
    func speaksTheDevicesLanguage() async throws {
      try await DispatchRig.run { rig in
        let texts = Mutex<Set<String>>([])
        let provider = ScriptedProvider { request in
          texts.withLock { _ = $0.insert("\(request.token) \(request.notification.text)") }
          return .accept
        }
        let dispatcher = rig.start(provider)
        let push: JSON = ["MultiLanguageContent": [["Language": "de", "Desc": "Hallo"]]]
        try await rig.project([
          .device("ann", locale: "de-AT"), .device("bob", locale: "fr"),
          .message("m1", to: "ann", offlinePush: push),
          .message("m2", to: "bob", offlinePush: push),
        ])
        try await eventually { try await rig.attempts().count == 2 }
        #expect(texts.withLock { $0 } == ["token-ann Hallo", "token-bob hello"])
        try await dispatcher.stop()
      }
    }

    @Test("G16: what was erased is not sent, also before the projection says so")
    func sendsNothingErased() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider()
        try await rig.project([
          .device("ann"), .device("bob"), .message("m1", to: "ann"), .message("m2", to: "bob"),
        ])
        for scope: Erasure.Scope in [
          .message(MessageID(unchecked: "m1")), .user(UserID(unchecked: "bob")),
        ] {
          #expect(
            try await Eraser(rig.pool).run(scope, in: DispatchRig.app, reason: nil).erased == 1)
        }
        let dispatcher = rig.start(provider)
        try await eventually { try await rig.attempts().count == 2 }
        let ends = try await rig.attempts().map { "\($0.message) \($0.outcome) \($0.reason ?? "")" }
        #expect(ends.sorted() == ["m1 rejected content_erased", "m2 rejected token_erased"])
        #expect(provider.pushes.isEmpty)
        try await dispatcher.stop()
      }
    }

    @Test("G8, G10: a push that was not taken is sent again, under the next number")
    func retries() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider { request in
          request.attempt < 3
            ? .answer(
              AttemptResult(.retry, status: 503, reason: "Busy", retryAfter: .milliseconds(50)))
            : .accept
        }
        let dispatcher = rig.start(provider)
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually { try await rig.due() == 0 }
        let attempts = try await rig.attempts()
        #expect(attempts.map(\.attempt) == [1, 2, 3])
        #expect(attempts.map(\.outcome) == [.retry, .retry, .accepted])
        for (before, after) in zip(attempts, attempts.dropFirst()) {
          let retryAt = try #require(before.retryAt)
          #expect(retryAt >= before.finishedAt + .milliseconds(50) && after.startedAt >= retryAt)
        }
        try await dispatcher.stop()
      }
    }

    @Test(
      "a token that the provider refuses is invalid from then on, and nothing more is sent to it")
    func invalidatesTokens() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider { _ in
          .answer(
            AttemptResult(
              .tokenInvalid, status: 410, reason: "Unregistered",
              invalidSince: Timestamp(microseconds: 1_750_000_000_000_000)))
        }
        let dispatcher = rig.start(provider)
        try await rig.project([.device("ann"), .message("m1", to: "ann")])
        try await eventually { try await rig.due() == 0 }
        let event = try #require(try await rig.events(.tokenInvalidated).first)
        guard case .tokenInvalidated(let invalidation) = try event.body() else {
          Issue.record("is no invalidation")
          return
        }
        #expect(invalidation.user.rawValue == "ann")
        #expect(invalidation.tokenSHA256 == DeviceRegistration.fingerprint(.string("token-ann")))
        try await rig.project([.message("m2", to: "ann")])
        #expect(
          try await rig.count(
            "notifications_v1.deliveries where reason = 'token_invalid' and status = 'suppressed'")
            == 1)
        #expect(provider.pushes.count == 1)
        try await dispatcher.stop()
      }
    }

    @Test("G9: a device's pushes leave in ledger order, whatever happens to the ones before")
    func keepsTheOrder() async throws {
      try await DispatchRig.run { rig in
        let dice = Mutex(0)
        let provider = ScriptedProvider { _ in
          let turn = dice.withLock { turn in
            turn += 1
            return turn
          }
          return turn % 3 == 0
            ? .answer(AttemptResult(.retry, status: 429, reason: "TooManyRequests")) : .accept
        }
        try await rig.project(NewEvent.traffic(users: 5, messages: 20))
        let dispatcher = rig.start(provider)
        try await eventually { try await rig.due() == 0 }
        let names = try await rig.pool.query(
          "select delivery_id, user_id, position from notifications_v1.deliveries")
        var places: [String: (user: String, position: Position)] = [:]
        for row in names {
          places["\(try row.get(0, as: UUID.self))"] = (try row.get(1), try row.get(2))
        }
        var last: [String: Position] = [:]
        for push in provider.pushes {
          let place = try #require(places["\(push.delivery)"])
          #expect(place.position >= last[place.user] ?? 0)
          last[place.user] = place.position
        }
        #expect(provider.pushes.count > 100)
        try await dispatcher.stop()
      }
    }

    @Test("G8, G10: a recall reaches what waits, and a stop leaves it due for the next")
    func callsOff() async throws {
      try await DispatchRig.run { rig in
        let provider = ScriptedProvider { _ in .hold }
        try await rig.project(NewEvent.traffic(users: 1, messages: 3))
        // Nobody loses the lane meanwhile, however busy the machine is.
        let dispatcher = rig.start(
          provider, configuration: DispatchRig.configure { $0.lease = .seconds(60) })
        try await eventually { await dispatcher.dispatcher.status().open == 3 }
        try await eventually { provider.pushes.count == 1 }
        try await rig.project([.recall("m-0-1")])
        async let stopping: Void = dispatcher.stop()
        try await eventually { await dispatcher.dispatcher.status().open == 1 }
        provider.release()
        try await stopping
        #expect(try await rig.attempts().map(\.message.rawValue) == ["m-0-0"])
        #expect(try await rig.due() == 1)
        let next = rig.start(ScriptedProvider())
        try await eventually { try await rig.due() == 0 }
        try await next.stop()
        #expect(try await rig.attempts().map(\.message.rawValue) == ["m-0-0", "m-0-2"])
      }
    }
  }
}
