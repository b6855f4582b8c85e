import PushCore
import Simulators
import Testing

@testable import Providers

/// What Meizu's simulator does not take, whoever calls it.
@Suite struct HoldMeizusRules {
  struct Change: CustomTestStringConvertible, Sendable {
    var field: String
    var value: JSON
    var testDescription: String { "\(field) \(value.text.prefix(40))" }

    init(_ field: String, _ value: JSON) {
      self.field = field
      self.value = value
    }
  }

  private static func text(_ length: Int) -> JSON {
    .string(String(repeating: "x", count: length))
  }

  @Test(arguments: [
    Change("noticeBarInfo", ["title": "", "content": "c"]),
    Change("noticeBarInfo", ["title": text(33), "content": "c"]),
    Change("noticeBarInfo", ["title": "t", "content": text(101)]),
    Change("clickTypeInfo", ["clickType": 3]), Change("clickTypeInfo", ["clickType": 2]),
    Change("clickTypeInfo", ["clickType": 1]), Change("clickTypeInfo", ["clickType": 4]),
    Change("pushTimeInfo", ["validTime": 0]), Change("pushTimeInfo", ["validTime": 73]),
    Change("pushTimeInfo", ["offLine": 2]),
    Change("advanceInfo", ["notifyKey": text(9)]),
    Change("advanceInfo", ["notificationType": ["sound": "1"]]),
    Change("extra", ["callback": text(129)]), Change("extra", ["callback.param": text(65)]),
  ])
  func refusesAFieldThatIsNotAsItMustBe(_ change: Change) async throws {
    try await MeizuRig.with { rig async throws in
      let scope = try rig.scope()
      let prepared = try MeizuChannel.prepare(rig.request("id-1"), scope)
      let push = PreparedPush(
        prepared.request, content: prepared.content.setting(change.field, to: change.value))
      let verdicts = await MeizuChannel.send([push], scope)
      #expect(verdicts.map(\.reason) == ["1005"])
      #expect(rig.simulator.receivedCount == 0)
    }
  }

  @Test func refusesFormsThatAreNotWhole() async throws {
    try await MeizuRig.with { rig async throws in
      let scope = try rig.scope()
      let message = try MeizuChannel.prepare(rig.request("id-1"), scope).content.text
      func send(_ ids: String, _ message: String) async throws -> String? {
        var fields = [("appId", "110370"), ("pushIds", ids), ("messageJson", message)]
        fields.append(("sign", scope.credential.sign(fields)))
        let call = HTTPCall.form(rig.simulator.url + MeizuChannel.path, fields)
        return try await scope.call(call).get().json?["code"]?.string
      }
      let tooMany = (0...1_000).map { "id-\($0)" }.joined(separator: ",")
      #expect(try await send("id-1", message) == "200")
      #expect(try await send("", message) == "110004")
      #expect(try await send("id-1", "") == "110004")
      #expect(try await send("id-1", "no JSON") == "1005")
      #expect(try await send(tooMany, message) == "1005")
      #expect(rig.simulator.acceptedCount == 1)
    }
  }
}
