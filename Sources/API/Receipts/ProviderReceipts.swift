import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Projections
import Providers
import PushCore

/// `POST /v1/provider-receipts/{door}`: what push providers report of the pushes they took.
///
/// The address holds a secret and is all that a provider needs to know. A report names a token and
/// the message's place in the ledger; it becomes an event of the delivery, or of the device whose
/// token it is now. Reports of tokens that no device has any more are taken and say nothing.
struct ProviderReceipts: Sendable {
  let doors: ReceiptDoors
  let appender: Appender
  let reading: Reading
  let clock: @Sendable () -> Timestamp

  var route: Route {
    .foreign(
      .post, "/v1/provider-receipts/{door}",
      Operation(
        id: "providerReceipts", summary: "For push providers: what became of pushes",
        detail: """
          `pushledger credentials receipts` makes the address. The body and the answer are each \
          provider's own.
          """,
        body: .init(
          types: ["application/json", "application/x-www-form-urlencoded"],
          schema: "ProviderReceipts"),
        answer: .init(schema: "ProviderReceiptsAnswer"))
    ) { call in
      do {
        return try await serve(call)
      } catch let fault as BodyFault {
        return Problem(
          fault == .tooLarge ? .bodyTooLarge : .malformed,
          "The body is longer than \(APILimits.bodyBytes) bytes, too slow, or broke off."
        ).response
      } catch {
        let problem = Problem(catching: error)
        call.report(problem, error)
        return problem.response
      }
    }
  }

  private func serve(_ call: ForeignCall) async throws -> Response {
    let secret = call.pathValues.first.map(String.init) ?? ""
    guard let door = try await doors.door(secret),
      let kind = ProviderRegistry.kind(of: door.provider)
    else {
      throw Problem(
        .routeUnknown,
        "This address is not, or no longer, good. `pushledger credentials receipts` makes one.")
    }
    let body = try await call.request.collect(upTo: APILimits.bodyBytes)
    let reading = try kind.readReceipts(
      ReceiptCall(
        headers: call.request.headers.map { ($0.name.canonicalName, $0.value) },
        body: Array(body.readableBytesView)))
    var rest = reading.receipts[...]
    while !rest.isEmpty {
      let events = try await events(of: Array(rest.prefix(APILimits.itemsPerRequest)), door)
      rest = rest.dropFirst(APILimits.itemsPerRequest)
      if !events.isEmpty { _ = try await appender.appendEvents(events, to: door.app) }
    }
    guard let answer = reading.answer else { return Response(status: .ok) }
    return .json(answer)
  }

  // MARK: Events

  private func events(
    of receipts: [ProviderReceipt], _ door: ReceiptDoors.Door
  ) async throws -> [NewEvent] {
    let hashes = receipts.map { Hex.encode(SHA256.hash(data: Array($0.token.utf8))) }
    let pushes = try await reading.projection.pushes(
      zip(hashes, receipts).map { ($0, $1.position) }, through: door.provider, of: door.app)
    let known = try await reading.projection.messages(
      ofDeliveries: pushes.compactMap { $0.flatMap { Self.delivery($0, door.app) } }, in: door.app)
    var events: [NewEvent] = []
    for (index, receipt) in receipts.enumerated() {
      guard let push = pushes[index] else { continue }
      let delivery = Self.delivery(push, door.app).flatMap { known[$0] == nil ? nil : $0 }
      if let event = try event(
        of: receipt, push, delivery, tokenSHA256: hashes[index], door)
      {
        events.append(event)
      }
    }
    return events
  }

  private static func delivery(_ push: NamedPush, _ app: AppID) -> UUID? {
    push.message.map {
      DeliveryID.make(app: app, message: $0, user: push.user, device: push.device)
    }
  }

  private func event(
    of receipt: ProviderReceipt, _ push: NamedPush, _ delivery: UUID?, tokenSHA256: String,
    _ door: ReceiptDoors.Door
  ) throws -> NewEvent? {
    // A provider's clock may run ahead of ours.
    let at = min(receipt.at ?? clock(), clock())
    if receipt.kind == .tokenInvalid {
      return try invalidation(receipt, push, delivery, tokenSHA256, at, door)
    }
    guard let delivery, let message = push.message else { return nil }
    let type: EventType
    var data: [(String, JSON?)] = [
      ("delivery_id", JSON(delivery)), ("message_id", JSON(message)), ("at", JSON(at)),
    ]
    switch receipt.kind {
    case .delivered:
      type = .pushDelivered
      data.append(("source", .string(ReceiptSource.provider.rawValue)))
    case .opened: type = .pushOpened
    case .notShown, .tokenInvalid:
      type = .pushNotShown
      data.append(("reason", .string(receipt.reason)))
    }
    return try EventDoor.event(
      id: EventID.receipt(type, delivery: delivery, app: door.app), type: type, occurredAt: at,
      data: .object(present: data), content: nil)
  }

  /// The same report again, of the same token since the same time, is the same event.
  private func invalidation(
    _ receipt: ProviderReceipt, _ push: NamedPush, _ delivery: UUID?, _ tokenSHA256: String,
    _ at: Timestamp, _ door: ReceiptDoors.Door
  ) throws -> NewEvent {
    try EventDoor.event(
      id: EventID.foreign(
        door.provider.rawValue, "token_invalid",
        [tokenSHA256, receipt.position.map(String.init) ?? "", receipt.reason], app: door.app),
      type: .tokenInvalidated, occurredAt: at,
      data: .object(present: [
        ("user", JSON(push.user)), ("device", JSON(push.device)),
        ("provider", .string(door.provider.rawValue)), ("reason", .string(receipt.reason)),
        ("token_sha256", .string(tokenSHA256)), ("invalid_since", JSON(at)),
        ("delivery_id", delivery.map { JSON($0) }),
      ]),
      content: nil)
  }
}
