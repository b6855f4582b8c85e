import HTTPTypes
import Ledger
import PushCore

/// One operation of the API's description.
struct OperationDocument {
  let route: Route

  private var operation: Operation { route.operation }

  var json: JSON {
    .object(present: [
      ("operationId", .string(operation.id)), ("summary", .string(operation.summary)),
      ("description", operation.detail.isEmpty ? nil : .string(operation.detail)),
      ("parameters", parameters.isEmpty ? nil : .array(parameters)),
      ("requestBody", operation.body.map(body)), ("responses", .object(responses)),
      ("security", security),
      ("x-scope", route.scope.map { .string($0.rawValue) }),
    ])
  }

  /// Bearer schemes have no scopes in OpenAPI; `x-scope` tells it.
  private var security: JSON {
    if route.isSigned { return [["userSig": []]] }
    return route.scope == nil ? [] : [["key": []]]
  }

  // MARK: What goes in

  private var parameters: [JSON] {
    var all = route.parameters.map { name in
      Self.parameter(
        name, in: "path", required: true,
        detail: "Percent-encoded where it holds what a path cannot.",
        schema: Self.reference("ID"))
    }
    all += operation.query.map { parameter in
      Self.parameter(
        parameter.name, in: "query", required: false, detail: parameter.detail,
        schema: Self.schema(parameter.form))
    }
    if operation.takesKey {
      all.append(
        Self.parameter(
          APICall.idempotencyKey, in: "header", required: false,
          detail: "A name of yours for this request: sent again with it, it is stored once.",
          schema: [
            "type": "string", "minLength": 1,
            "maxLength": .integer(APILimits.idempotencyKeyBytes),
          ]))
    }
    if operation.resumes {
      all.append(
        Self.parameter(
          Operation.resumption, in: "header", required: false,
          detail: "The id of the last notification that came: all up to it are acknowledged.",
          schema: ["type": "string"]))
    }
    return all
  }

  private static func parameter(
    _ name: String, in place: String, required: Bool, detail: String, schema: JSON
  ) -> JSON {
    [
      "name": .string(name), "in": .string(place), "required": .bool(required),
      "description": .string(detail), "schema": schema,
    ]
  }

  private static func schema(_ form: QueryParameter.Form) -> JSON {
    switch form {
    case .integer(let range):
      [
        "type": "integer", "minimum": .integer(range.lowerBound),
        "maximum": .integer(range.upperBound),
      ]
    case .bool: ["type": "boolean"]
    case .text(let maxBytes): ["type": "string", "maxLength": .integer(maxBytes)]
    case .uuid: ["type": "string", "format": "uuid"]
    }
  }

  private func body(_ body: Operation.Body) -> JSON {
    let content = body.types.map { type in
      let one = Self.reference(body.schema)
      let schema: JSON =
        type == AppendEvents.ndjson || !body.takesMany
        ? one
        : ["oneOf": [one, ["type": "array", "items": one, "minItems": 1, "maxItems": 1000]]]
      return JSON.Member(type, ["schema": schema])
    }
    return ["required": true, "content": .object(content)]
  }

  static func reference(_ schema: String) -> JSON {
    ["$ref": .string("#/components/schemas/\(schema)")]
  }

  // MARK: What comes out

  private var responses: [JSON.Member] {
    [answer] + problems
  }

  private var answer: JSON.Member {
    let answer = operation.answer
    var schema: JSON = ["type": "string"]
    if let name = answer.schema { schema = Self.reference(name) }
    if let name = answer.schema, let many = answer.manySchema {
      schema = ["oneOf": [Self.reference(name), Self.reference(many)]]
    }
    if answer.type == "application/json", answer.schema == nil { schema = ["type": "object"] }
    return .init(
      String(answer.status.code),
      [
        "description": .string(answer.status == .accepted ? "Stored, durably." : "The answer."),
        "content": .object([.init(answer.type, ["schema": schema])]),
      ])
  }

  /// What this operation can be refused with.
  var codes: [ProblemCode] {
    var codes = operation.problems
    let takesFields = operation.body != nil || !route.parameters.isEmpty
    if takesFields || !operation.query.isEmpty || operation.takesKey {
      codes += ProblemCode.ofFields
    }
    if operation.body != nil {
      codes += [.malformedJSON, .bodyTooLarge, .mediaTypeUnsupported, .tooBusy]
    }
    if operation.answer.status == .accepted { codes += [.eventRefused, .appendFull] }
    if route.isSigned {
      codes += [.signatureRefused, .unknownApp, .ledgerUnavailable, .stopping, .ledgerFailed]
    }
    if route.scope != nil {
      codes += [
        .keyMissing, .keyUnknown, .scopeMissing, .unknownApp, .ledgerUnavailable, .stopping,
        .ledgerFailed,
      ]
    }
    if operation.query.contains(where: { $0.name == QueryParameter.atLeast.name }) {
      codes += [.tooBusy]
    }
    codes.append(.internal)
    return ProblemCode.allCases.filter(codes.contains)
  }

  private var problems: [JSON.Member] {
    let statuses = Set(codes.map(\.status.code)).sorted()
    return statuses.map { status in
      let meant = codes.filter { $0.status.code == status }
      let lines = meant.map { "`\($0.rawValue)`: \($0.title)." }
      return .init(
        String(status),
        [
          "description": .string(lines.joined(separator: " ")),
          "content": ["application/problem+json": ["schema": Self.reference("Problem")]],
        ])
    }
  }
}

extension ProblemCode {
  /// Those that name a field.
  static let ofFields: [ProblemCode] = FieldError.Code.allCases.map(ProblemCode.init)
}
