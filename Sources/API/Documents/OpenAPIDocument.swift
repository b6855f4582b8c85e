import HTTPTypes
import Hummingbird
import PushCore

/// The API's description in OpenAPI 3.1, made of the very routes that are served and of
/// `schemas.json`.
struct OpenAPIDocument {
  static let version = "1"

  let json: JSON

  init(routes: [Route]) throws {
    let schemas = try JSON.parse(PackageResources.schemas_json)
    var paths: [JSON.Member] = []
    for route in routes {
      let described = JSON.Member(
        route.method.rawValue.lowercased(), OperationDocument(route: route).json)
      if let index = paths.firstIndex(where: { $0.key == route.path }) {
        paths[index].value = paths[index].value.setting(described.key, to: described.value)
      } else {
        paths.append(.init(route.path, .object([described])))
      }
    }
    json = [
      "openapi": "3.1.0",
      "info": [
        "title": "PushLedger", "version": .string(Self.version),
        "description": .string(Self.introduction),
      ],
      "paths": .object(paths),
      "components": [
        "schemas": schemas,
        "securitySchemes": [
          "key": ["type": "http", "scheme": "bearer"],
          "userSig": [
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "`UserSig <signature>`, made with the app's secret key for the user.",
          ],
        ],
      ],
    ]
  }

  private static let introduction = """
    A ledger of notifications. The API key in `Authorization: Bearer <key>` decides which app a \
    request is about. A write is answered with 202 and a position once it is durable; give that \
    position as `at_least` to a read that must show it. Every refusal is a problem document with a \
    stable `code`, but for what is no HTTP request: that is answered with an empty 400. Unknown \
    fields and parameters are refused.
    """

  /// - Parameter document: Is there once all routes are known, this one among them.
  static func route(_ document: Late<[UInt8]>) -> Route {
    .open(
      "/openapi.json",
      Operation(
        id: "getDocument", summary: "This document", answer: .init(type: "application/json"))
    ) { .bytes(document.value ?? [], type: "application/json") }
  }
}
