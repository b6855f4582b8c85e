import Hummingbird
import Ledger
import Projections
import PushCore

/// `/v1/users/{user}/devices`: tokens, what the app is doing, switches.
struct DeviceRoutes: Sendable {
  let writer: LedgerWriter
  let reading: Reading

  var routes: [Route] { [list, register, unregister, state, settings] }

  static let registrationFields: Set<String> = [
    "platform", "provider", "token", "topic", "credential", "environment", "app_version",
    "locale", "settings", "fallbacks", "occurred_at",
  ]
  static let fallbackFields: Set<String> = [
    "provider", "token", "topic", "credential", "environment",
  ]
  static let settingNames = ["push", "c2c_sound", "group_sound", "video_sound"]
  static let settingsFields = Set(settingNames + ["occurred_at"])
  /// The request's members stand at its top.
  private static let settingsPath = FieldNames(
    names: Dictionary(uniqueKeysWithValues: settingNames.map { ("settings.\($0)", $0) }))
  static let stateFields: Set<String> = ["state", "unread", "occurred_at"]

  private static let path = "/v1/users/{user}/devices/{device}"

  static func names(_ call: APICall) throws(FieldError) -> [JSON.Member] {
    [.init("user", JSON(try call.user())), .init("device", JSON(try call.device()))]
  }

  private var register: Route {
    Route(
      .put, Self.path, .device,
      Operation(
        id: "registerDevice", summary: "Register a device's push token",
        detail: """
          Again with another token, it replaces the first. A token that another device had leaves \
          that one, which counts as logged out. `fallbacks` are other ways to the device, in order: \
          the next is tried when those before it refused a push for good.
          """,
        query: [.expectedPosition], body: .init(schema: "DeviceRegistration"),
        answer: .accepted(), problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      let names = try Self.names(call)
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.registrationFields)
        try fields.refuse(in: "settings", otherThan: Set(Self.settingNames))
        let facts = fields.given([
          "platform", "provider", "topic", "credential", "environment", "app_version", "locale",
          "settings",
        ])
        let (ways, tokens, renamed) = try Self.fallbacks(fields)
        return try await writer.write(
          .deviceRegistered, occurredAt: try fields.timestamp("occurred_at"),
          data: .object(names + facts + ways),
          content: .object(fields.given(["token"]) + tokens), renamed: renamed, for: call)
      }
    }
  }

  /// The other ways: their tokens go apart, for they are content.
  private static func fallbacks(
    _ fields: Fields
  ) throws(FieldError) -> (ways: [JSON.Member], tokens: [JSON.Member], FieldNames) {
    guard let entries = try fields.array("fallbacks", max: Limits.fallbacksPerDevice) else {
      return ([], [], FieldNames())
    }
    var ways: [JSON] = []
    var tokens: [JSON] = []
    var names: [String: String] = [:]
    for (index, entry) in entries.enumerated() {
      let way = try Fields(entry, at: "fallbacks[\(index)]")
      try way.refuse(otherThan: fallbackFields)
      ways.append(.object(way.members.filter { $0.key != "token" }))
      tokens.append(way["token"] ?? .null)
      names["fallback_tokens[\(index)]"] = "fallbacks[\(index)].token"
    }
    return (
      [.init("fallbacks", .array(ways))], [.init("fallback_tokens", .array(tokens))],
      FieldNames(names: names)
    )
  }

  private var unregister: Route {
    Route(
      .delete, Self.path, .device,
      Operation(
        id: "unregisterDevice", summary: "Remove a device", query: [.expectedPosition],
        answer: .accepted(), problems: [.streamConflict, .idReused], takesKey: true)
    ) { call in
      try await writer.write(.deviceUnregistered, data: .object(try Self.names(call)), for: call)
    }
  }

  private var state: Route {
    Route(
      .put, Self.path + "/state", .device,
      Operation(
        id: "setDeviceState", summary: "Say what the app on a device is doing",
        detail: """
          `background` comes with `unread`, what the client counts at that moment: the number on \
          its icon goes on from there.
          """,
        query: [.expectedPosition], body: .init(schema: "DeviceState"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { try await setState($0) }
  }

  func setState(_ call: APICall) async throws -> Response {
    let names = try Self.names(call)
    return try await call.withFields { fields in
      try fields.refuse(otherThan: Self.stateFields)
      let state: ReportedState = try fields.requiredChoice("state")
      var facts = names
      if state == .background {
        let unread = try fields.required("unread", fields.object)
        try unread.refuse(otherThan: ["c2c", "group"])
        facts.append(.init("unread", .object(unread.members)))
      } else if fields["unread"] != nil {
        throw FieldError(.unknownField, "unread", "goes with the state background only.")
      }
      return try await writer.write(
        state.type, occurredAt: try fields.timestamp("occurred_at"), data: .object(facts),
        for: call)
    }
  }

  private var settings: Route {
    Route(
      .put, Self.path + "/settings", .device,
      Operation(
        id: "setDeviceSettings", summary: "Set a device's switches and sounds",
        detail: "What is left out stays as it is.", query: [.expectedPosition],
        body: .init(schema: "DeviceSettings"), answer: .accepted(),
        problems: [.streamConflict, .idReused], takesKey: true)
    ) { try await setSettings($0) }
  }

  func setSettings(_ call: APICall) async throws -> Response {
    let names = try Self.names(call)
    return try await call.withFields { fields in
      try fields.refuse(otherThan: Self.settingsFields)
      let settings = JSON.object(fields.given(Self.settingNames))
      return try await writer.write(
        .deviceSettingsChanged, occurredAt: try fields.timestamp("occurred_at"),
        data: .object(names + [.init("settings", settings)]),
        renamed: Self.settingsPath, for: call)
    }
  }

  private var list: Route {
    Route(
      .get, "/v1/users/{user}/devices", .read,
      Operation(
        id: "listDevices", summary: "See a user's devices, without their tokens",
        query: [.atLeast], answer: .init(schema: "Devices"), problems: [.projectionBehind])
    ) { try await answerDevices($0) }
  }

  func answerDevices(_ call: APICall) async throws -> Response {
    let user = try call.user()
    try await reading.awaitPosition(call)
    let devices = try await reading.projection.devices(of: user, in: call.app)
    return .json(["user": JSON(user), "devices": .array(devices.map(\.json))])
  }
}

/// What a client says its app is doing.
enum ReportedState: String, CaseIterable {
  case foreground, background, killed
  case loggedOut = "logged_out"

  var type: EventType {
    switch self {
    case .foreground: .deviceForegrounded
    case .background: .deviceBackgrounded
    case .killed: .deviceKilled
    case .loggedOut: .deviceLoggedOut
    }
  }
}

extension DeviceReport {
  fileprivate var json: JSON {
    .object(present: [
      ("device", JSON(device)), ("platform", .string(platform)),
      ("provider", provider.map { .string($0) }),
      ("token_sha256", tokenSHA256.map { .string($0) }), ("topic", topic.map { .string($0) }),
      ("credential", credential.map { .string($0) }),
      ("environment", .string(environment)), ("app_version", appVersion.map { .string($0) }),
      ("locale", locale.map { .string($0) }),
      (
        "settings",
        .object(present: [
          ("push", settings.push.map { .bool($0) }),
          ("c2c_sound", settings.c2cSound.map { .string($0) }),
          ("group_sound", settings.groupSound.map { .string($0) }),
          ("video_sound", settings.videoSound.map { .string($0) }),
        ])
      ),
      ("state", state.map { .string($0) }), ("badge", .integer(badge)),
      ("registered_at", JSON(registeredAt)),
      ("fallbacks", fallbacks.isEmpty ? nil : .array(fallbacks.map(\.json))),
    ])
  }
}

extension DeviceReport.Fallback {
  fileprivate var json: JSON {
    .object(present: [
      ("provider", .string(provider)), ("token_sha256", .string(tokenSHA256)),
      ("topic", topic.map { .string($0) }), ("credential", credential.map { .string($0) }),
      ("environment", .string(environment)), ("token_valid", .bool(tokenValid)),
    ])
  }
}
