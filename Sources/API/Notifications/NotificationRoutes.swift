import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Projections
import PushCore

/// The callback channel: what waits for a device that holds a stream, and its acknowledgements.
struct NotificationRoutes: Sendable {
  let hub: StreamHub
  let recorder: SentRecorder
  let reading: Reading

  static let acknowledgementFields: Set<String> = ["up_to"]

  private static let path = "/notifications"
  private static let ofUser = "/v1/users/{user}/devices/{device}"
  private static let ofSigner = "/v1/me/devices/{device}"
  private static let detail = """
    Server-sent events, without end. The device is registered with the provider `callback` and a \
    token that is no https URL, or has such a way among its `fallbacks`. All that waits for it \
    comes first, then what becomes due, in the order of the ledger: `event: notification`, whose \
    `id` is its place on the stream and whose `data` is one line of JSON, a Notification. Acknowledge them, or name the last one as `Last-Event-ID` when \
    you come again; what is not acknowledged comes again then. A line that is a colon comes now \
    and then. One stream a device: a newer one ends the older, which gets `event: replaced` and \
    should not come again.
    """

  var routes: [Route] {
    let problems: [ProblemCode] = [.tooBusy, .notOnStream, .projectionBehind]
    let acknowledgements: [ProblemCode] = [.tooBusy, .notOnStream, .projectionBehind]
    return [
      Route(
        .get, Self.ofUser + Self.path, .device,
        Operation(
          id: "streamNotifications", summary: "Hold the stream of a device's notifications",
          detail: Self.detail, answer: .init(type: StreamText.type), problems: problems,
          resumes: true), serve: stream),
      .signed(
        .get, Self.ofSigner + Self.path,
        Operation(
          id: "streamMyNotifications", summary: "Hold the stream of your device's notifications",
          detail: Self.detail, answer: .init(type: StreamText.type), problems: problems,
          resumes: true), serve: stream),
      Route(
        .post, Self.ofUser + Self.path + "/ack", .device,
        Operation(
          id: "acknowledgeNotifications", summary: "Say that a device has its notifications",
          detail: "All that a stream of the device was sent, up to this one.",
          body: .init(schema: "Acknowledgement"), answer: .accepted("Acknowledged"),
          problems: acknowledgements), serve: acknowledge),
      .signed(
        .post, Self.ofSigner + Self.path + "/ack",
        Operation(
          id: "acknowledgeMyNotifications", summary: "Say that your device has its notifications",
          detail: "All that a stream of the device was sent, up to this one.",
          body: .init(schema: "Acknowledgement"), answer: .accepted("Acknowledged"),
          problems: acknowledgements), serve: acknowledge),
    ]
  }

  // MARK: Acknowledging

  private func acknowledge(_ call: APICall) async throws -> Response {
    let device = DeviceKey(user: try call.user(), device: try call.device())
    return try await call.withFields { fields in
      try fields.refuse(otherThan: Self.acknowledgementFields)
      let text = try fields.required("up_to") { key throws(FieldError) in
        try fields.string(key, maxBytes: Limits.idBytes)
      }
      let position = try Self.position(text, field: "up_to")
      let count = try await recorder.acknowledge(device, upTo: position, of: call.app)
      if count == 0 { try await requireStream(of: device, in: call.app) }
      return .json(["acknowledged": .integer(count)], status: .accepted)
    }
  }

  /// - Throws: ``Problem`` for a device that nothing was ever to be sent to on a stream.
  private func requireStream(of device: DeviceKey, in app: AppID) async throws {
    if try await hasStream(device, in: app) { return }
    // It may have been registered a moment ago.
    try await reading.awaitHead(of: app)
    guard try await hasStream(device, in: app) else { throw Self.notOnStream }
  }

  private func hasStream(_ device: DeviceKey, in app: AppID) async throws -> Bool {
    try await reading.projection.devices(of: device.user, in: app)
      .contains { $0.device == device.device && $0.isToldOnStream }
  }

  private static let notOnStream = Problem(
    .notOnStream,
    "The device is not registered with the provider callback and a token that is no URL, or "
      + "nobody is logged in on it. Register it first.")

  private static func position(_ text: String, field: String) throws(FieldError) -> Position {
    guard let position = Position(text), position >= 0 else {
      throw FieldError(
        .badFormat, field, "is \(FieldError.shown(text)); give the id of a notification.")
    }
    return position
  }

  // MARK: Streaming

  private static let headers: HTTPFields = {
    var fields: HTTPFields = [
      .contentType: StreamText.type, .cacheControl: "no-store", .connection: "close",
    ]
    // Else nginx keeps what comes until much of it has come.
    if let name = HTTPField.Name("X-Accel-Buffering") { fields[name] = "no" }
    return fields
  }()

  private static let resumption = HTTPField.Name(Operation.resumption)

  private func stream(_ call: APICall) async throws -> Response {
    let device = DeviceKey(user: try call.user(), device: try call.device())
    let last = try Self.resumption.flatMap { call.request.headers[$0] }
      .map { text throws(FieldError) in try Self.position(text, field: Operation.resumption) }
    if call.request.method == .head { return Response(status: .ok, headers: Self.headers) }
    let channel = call.channel
    let entered = hub.enter(device, of: call.app) { channel.close(promise: nil) }
    guard let stream = entered else {
      throw Problem(
        .tooBusy, "As many streams are open here as this server takes. Retry.",
        retryAfter: APILimits.streamRetry)
    }
    let place = StreamPlace(hub: hub, stream: stream)
    do {
      try await open(stream, acknowledged: last ?? 0)
    } catch {
      place.end()
      throw error
    }
    // A client that ends its side has ended the stream.
    try? await channel.setOption(.allowRemoteHalfClosure, value: false).get()
    channel.closeFuture.whenComplete { _ in stream.end(.over) }
    return Response(
      status: .ok, headers: Self.headers,
      body: ResponseBody { writer in
        defer { place.end() }
        try await write(stream, while: call.stillHolds, to: &writer)
      })
  }

  /// Makes the stream its device's, and records what the ones before it were sent.
  private func open(_ stream: NotificationStream, acknowledged: Position) async throws {
    var sent = try await hub.database.open(stream)
    if sent == nil {
      // It may have been registered a moment ago.
      try await reading.awaitHead(of: stream.app)
      sent = try await hub.database.open(stream)
    }
    guard let sent else { throw Self.notOnStream }
    try await recorder.settle(sent, acknowledged: acknowledged, of: stream.app)
  }

  private func write(
    _ stream: NotificationStream, while holds: @Sendable () async -> Bool,
    to writer: inout any ResponseBodyWriter
  ) async throws {
    try await writer.write(StreamText.opening)
    hub.read(stream)
    while true {
      let step = await stream.next()
      guard await holds() else {
        // What was handed out is not sent: it is told on the device's next stream.
        if case .send(let items, _) = step { stream.takeBack(items) }
        try await writer.finish(nil)
        stream.cut()
        return
      }
      stream.beginWriting()
      switch step {
      case .send(let items, let asksOn):
        if !items.isEmpty { try await writer.write(StreamText.together(items)) }
        if asksOn { hub.read(stream) }
      case .heartbeat: try await writer.write(StreamText.heartbeat)
      case .end(let end):
        if end == .replaced { try await writer.write(StreamText.replaced) }
        try await writer.finish(nil)
        stream.cut()
        return
      }
    }
  }
}

extension DeviceReport {
  /// Whether one of its ways is a stream.
  fileprivate var isToldOnStream: Bool {
    let ways = [(provider, topic)] + fallbacks.map { (Optional($0.provider), $0.topic) }
    return ways.contains {
      $0.0 == ProviderName.callback.rawValue && $0.1 == CallbackWay.stream.rawValue
    }
  }
}

/// A stream's place in the hub, given back once, also where its body is never written.
private final class StreamPlace: Sendable {
  private let hub: StreamHub
  private let stream: NotificationStream

  init(hub: StreamHub, stream: NotificationStream) {
    self.hub = hub
    self.stream = stream
  }

  func end() { hub.leave(stream) }

  deinit { end() }
}
