import Foundation
import HTTPTypes
import Ledger
import NIOHTTP1
import PushCore
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct DescribeTheAPI {
  /// The fields that each reader takes, by the schema that describes them.
  static let fields: [String: Set<String>] = [
    "NewMessage": MessageBody.fields, "UserUpdate": UserRoutes.updateFields,
    "ReadMark": UserRoutes.readFields, "ReceiveChange": UserRoutes.receiveFields,
    "DeviceRegistration": DeviceRoutes.registrationFields,
    "DeviceState": DeviceRoutes.stateFields, "DeviceSettings": DeviceRoutes.settingsFields,
    "GroupUpdate": GroupRoutes.updateFields, "Member": GroupRoutes.memberFields,
    "MemberChanges": ManyMembers.fields, "Receipt": ReceiptRoutes.fields,
    "Login": ClientDevices.loginFields, "ClientToken": ClientDevices.tokenFields,
    "Acknowledgement": NotificationRoutes.acknowledgementFields,
    "ReceiveOptions": ClientOptions.peersFields, "QuietTime": ClientOptions.quietFields,
    "SubscriptionCreation": SubscriptionRoutes.fields,
    "EventsAcknowledgement": SubscriptionRoutes.acknowledgementFields,
  ]

  @Test("the document and the routes agree, and both are complete")
  func agrees() async throws {
    try await APIRig.run { rig in
      let document = try await rig.get("/openapi.json", key: .some(nil)).json
      #expect(document["openapi"] == "3.1.0")
      var described: Set<String> = []
      for path in document["paths"]?.members ?? [] {
        for method in path.value.members ?? [] {
          described.insert("\(method.key.uppercased()) \(path.key)")
        }
      }
      #expect(described == Set(rig.routes.map { "\($0.method.rawValue) \($0.path)" }))
      let ids = rig.routes.map(\.operation.id)
      #expect(Set(ids).count == ids.count)
      let schemas = try #require(document["components"]?["schemas"])
      for (name, fields) in Self.fields {
        let properties = schemas[name]?["properties"]?.members?.map(\.key) ?? []
        #expect(Set(properties) == fields, "\(name)")
      }
      let types = schemas["NewEvent"]?["properties"]?["type"]?["enum"]?.array
      // The ledger alone appends the one that says what was erased.
      let taken = EventType.allCases.filter { $0 != .contentErased }
      #expect(types == taken.map { .string($0.rawValue) })
      let told = rig.routes.flatMap { OperationDocument(route: $0).codes }
      let everywhere: Set<ProblemCode> = [.routeUnknown, .methodNotAllowed]
      #expect(Set(told).union(everywhere) == Set(ProblemCode.allCases))
      for name in Self.references(document) {
        #expect(schemas[name] != nil, "\(name)")
      }
    }
  }

  private static func references(_ json: JSON) -> Set<String> {
    switch json {
    case .object(let members):
      var found: Set<String> = []
      for member in members {
        if member.key == "$ref", let text = member.value.string {
          found.insert(text.split(separator: "/").last.map(String.init) ?? "")
        }
        found.formUnion(references(member.value))
      }
      return found
    case .array(let values): return values.reduce(into: []) { $0.formUnion(references($1)) }
    default: return []
    }
  }

  @Test("every example fits its schema")
  func examplesFit() throws {
    let schemas = try JSON.parse(PackageResources.schemas_json)
    let check = SchemaCheck(schemas: schemas)
    for schema in schemas.members ?? [] {
      for example in schema.value["examples"]?.array ?? [] {
        #expect(check.faults(example, schema.value) == [], "\(schema.key)")
      }
    }
  }

  @Test("every example of a request is taken, and every answer fits its schema")
  func examplesWork() async throws {
    try await APIRig.run { rig in
      let schemas = try JSON.parse(PackageResources.schemas_json)
      let check = SchemaCheck(schemas: schemas)
      func fits(_ answer: Answer, _ schema: String?) {
        guard let schema else { return }
        #expect(check.faults(answer.json, schemas[schema] ?? .null) == [], "\(answer.text)")
      }
      _ = try await rig.put("/v1/users/bob/devices/d", ReportMessages.registration)
      _ = try await rig.post("/v1/messages", PostMessages.message("m1"))
      try await ProviderCredentials(rig.pool, keys: .random()).add(
        "11301", provider: .apns, of: APIRig.demo, secret: "s")
      try await ProviderCredentials(rig.pool, keys: .random()).add(
        "10022", provider: .huawei, of: APIRig.demo, secret: "s")
      let door = try await ReceiptDoors(rig.pool).open(
        "10022", provider: .huawei, of: APIRig.demo)
      let report = try await rig.get("/v1/messages/m1")
      let delivery = try #require(report.json["deliveries"]?.array?.first?["delivery_id"])
      for route in rig.routes {
        let method = HTTPMethod(rawValue: route.method.rawValue)
        let path = CheckKeys.path(route).replacing("/{door}", with: "/" + door)
        let operation = route.operation
        guard let body = operation.body else {
          // A stream has no end; ServeStreams reads it.
          if method == .GET, !operation.resumes {
            let answer = try await rig.send(
              method, path, key: route.isSigned ? .some(nil) : .none,
              headers: rig.headers(for: route))
            #expect(answer.status == 200)
            fits(answer, operation.answer.schema)
          }
          continue
        }
        let examples = schemas[body.schema]?["examples"]?.array ?? []
        #expect(!examples.isEmpty, "\(body.schema)")
        for example in examples {
          var sent = example
          if body.schema == "Receipt" { sent = sent.setting("delivery_id", to: delivery) }
          if body.schema == "EventsAcknowledgement" {
            let page = try await rig.get("/v1/events?subscription=orders&consumer=one&limit=1")
            let lease = Int64(page.header("PushLedger-Lease") ?? "") ?? 0
            sent = sent.setting("lease", to: .integer(lease)).setting("position", to: 1)
          }
          let answer = try await rig.send(
            method, path, sent.serialized(), key: route.isSigned ? .some(nil) : .none,
            headers: rig.headers(for: route))
          #expect(
            answer.status == operation.answer.status.code, "\(body.schema): \(answer.text)")
          fits(answer, operation.answer.schema)
          guard body.takesMany else { continue }
          let many = try await rig.send(method, path, JSON.array([sent]).serialized())
          #expect(many.status == 202, "\(body.schema): \(many.text)")
          fits(many, operation.answer.manySchema ?? operation.answer.schema)
        }
      }
      for path in ["/v1/messages/m1", "/v1/messages/m1/timeline", "/v1/users/bob/devices"] {
        let name = rig.routes.first { CheckKeys.path($0) == path.replacing("bob", with: "ann") }
        fits(try await rig.get(path), name?.operation.answer.schema)
      }
      for last in ["DELETE /v1/users/bob/devices/d", "DELETE /v1/messages/m1"] {
        fits(try await rig.delete(String(last.dropFirst(7))), "Written")
      }
      let problem = try await rig.post("/v1/messages", [:])
      fits(problem, "Problem")
    }
  }
}
