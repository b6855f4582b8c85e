import Hummingbird
import Ledger
import Projections
import PushCore

/// `/v1/me/devices`: what a client of Tencent IM tells of its device, signed by its user.
struct ClientDevices: Sendable {
  let writer: LedgerWriter
  let reading: Reading
  let apps: Apps
  let credentials: ProviderCredentials

  var routes: [Route] { [list, login, token, state, settings] }

  static let loginFields: Set<String> = ["platform", "occurred_at"]
  static let tokenFields: Set<String> = [
    "token", "busi_id", "topic", "app_version", "locale", "occurred_at",
  ]

  private static let path = "/v1/me/devices/{device}"

  private var shared: DeviceRoutes { DeviceRoutes(writer: writer, reading: reading) }

  private var list: Route {
    .signed(
      .get, "/v1/me/devices",
      Operation(
        id: "listMyDevices", summary: "See your devices and their settings, without their tokens",
        detail: "Tencent: getAPNSConfig, getOfflinePushSettings.", query: [.atLeast],
        answer: .init(schema: "Devices"), problems: [.projectionBehind])
    ) { try await shared.answerDevices($0) }
  }

  private var login: Route {
    .signed(
      .post, Self.path + "/login",
      Operation(
        id: "logIn", summary: "Log in on a device",
        detail: """
          Your other devices that the app's login policy does not let stand beside it are logged \
          out and get no push; usually one device a platform stays. Set the token next: one of an \
          earlier login counts no more. Tencent: login.
          """,
        body: .init(schema: "Login"), answer: .accepted(), problems: [.idReused], takesKey: true)
    ) { call in
      let names = try DeviceRoutes.names(call)
      let policy = try await apps.app(call.app).settings.loginPolicy
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.loginFields)
        let platform: DevicePlatform = try fields.requiredChoice("platform")
        let kicks = policy.kicked(by: platform).map { JSON.string($0.rawValue) }
        return try await writer.write(
          .deviceLoggedIn, occurredAt: try fields.timestamp("occurred_at"),
          data: .object(
            names + [
              .init("platform", .string(platform.rawValue)), .init("kicks", .array(kicks)),
            ]), for: call)
      }
    }
  }

  private var token: Route {
    .signed(
      .put, Self.path + "/token",
      Operation(
        id: "setToken", summary: "Set the push token of a device that is logged in",
        detail: """
          `busi_id` is the id of the app's credential that the token belongs to; it decides the \
          provider, and for APNs the environment. Set it after every login. Tencent: setToken, \
          setOfflinePushToken, setAPNS, setOfflinePushConfig.
          """,
        body: .init(schema: "ClientToken"), answer: .accepted(),
        problems: [.notLoggedIn, .projectionBehind, .idReused], takesKey: true)
    ) { call in
      let names = try DeviceRoutes.names(call)
      let device = try call.device()
      return try await call.withFields { fields in
        try fields.refuse(otherThan: Self.tokenFields)
        let credential = try await credential(fields, call)
        let topic = try fields.string("topic", maxBytes: Limits.topicBytes)
        guard credential.fits(topic: topic, environment: credential.environment ?? .production)
        else {
          throw FieldError(
            .unknownValue, "topic", "is none that the credential of busi_id is good for.")
        }
        let platform = try await platform(of: device, call)
        var facts = names + fields.given(["topic", "app_version", "locale"])
        facts += [
          .init("platform", .string(platform)),
          .init("provider", .string(credential.provider.rawValue)),
          .init("credential", .string(credential.id)), .init("while_logged_in", true),
        ]
        if let environment = credential.environment {
          facts.append(.init("environment", .string(environment.rawValue)))
        }
        return try await writer.write(
          .deviceRegistered, occurredAt: try fields.timestamp("occurred_at"),
          data: .object(facts), content: .object(fields.given(["token"])), for: call)
      }
    }
  }

  /// The credential that `busi_id` names, a number or a text.
  private func credential(
    _ fields: Fields, _ call: APICall
  ) async throws -> CredentialSummary {
    guard let value = fields["busi_id"] else {
      throw FieldError(.missing, "busi_id", "is missing; it is required.")
    }
    guard let id = value.string ?? value.integer.map(String.init) else {
      throw FieldError(.wrongType, "busi_id", "is \(value.kind); a number or a text is expected.")
    }
    let known = try await credentials.list(of: call.app)
    guard let found = known.first(where: { $0.id == id }) else {
      throw FieldError(
        .unknownValue, "busi_id",
        "is \(FieldError.shown(id, most: 40)), no credential of this app; `pushledger credentials "
          + "add` adds it.")
    }
    return found
  }

  /// - Throws: ``Problem``, where nobody is logged in on the device.
  private func platform(of device: DeviceID, _ call: APICall) async throws -> String {
    try await reading.awaitHead(of: call.app)
    let devices = try await reading.projection.devices(of: try call.user(), in: call.app)
    guard let found = devices.first(where: { $0.device == device }), found.state != "logged_out"
    else {
      throw Problem(
        .notLoggedIn,
        "Nobody is logged in on this device, or another login took its place. "
          + "POST /v1/me/devices/{device}/login first.",
        members: [.init("tencent_code", 21005)])
    }
    return found.platform
  }

  private var state: Route {
    .signed(
      .put, Self.path + "/state",
      Operation(
        id: "setMyState", summary: "Say what your app is doing on a device",
        detail: """
          `background` comes with `unread`: `c2c` and `group` are added up, and the number on the \
          icon goes on from there. `killed` also says that the connection was lost. Tencent: \
          doBackground (c2cUnread, groupUnread), doForeground, logout (`logged_out`).
          """,
        body: .init(schema: "DeviceState"), answer: .accepted(), problems: [.idReused],
        takesKey: true)
    ) { try await shared.setState($0) }
  }

  private var settings: Route {
    .signed(
      .put, Self.path + "/settings",
      Operation(
        id: "setMySettings", summary: "Set a device's switches and sounds",
        detail: """
          What is left out stays as it is. `push` true is openPush 1, false is 2, left out is 0. A \
          sound is a file's name, or push.no_sound. Tencent: setAPNS (openPush, c2cSound, \
          groupSound), setOfflinePushSettings.
          """,
        body: .init(schema: "DeviceSettings"), answer: .accepted(), problems: [.idReused],
        takesKey: true)
    ) { try await shared.setSettings($0) }
  }
}
