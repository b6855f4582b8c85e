import Foundation
import Hummingbird
import Ledger
import Projections
import PushCore

/// `POST /v1/receipts`: what an app reports of the pushes it got.
struct ReceiptRoutes: Sendable {
  static let fields: Set<String> = ["delivery_id", "event", "at", "source"]

  let writer: LedgerWriter
  let reading: Reading

  private enum Kind: String, CaseIterable {
    case delivered, opened

    var type: EventType { self == .delivered ? .pushDelivered : .pushOpened }
  }

  private struct Receipt {
    var delivery: UUID
    var kind: Kind
    var at: Timestamp
    var source: ReceiptSource?
    /// Its place in the request, for errors.
    var place: String
  }

  var route: Route {
    Route(
      .post, "/v1/receipts", .device,
      Operation(
        id: "reportReceipts", summary: "Report pushes as delivered or opened, up to 1,000",
        detail: """
          A push through APNs, FCM, Web Push or the callback channel carries its `delivery_id`; \
          the other providers report by themselves. The first receipt of a kind counts; the same \
          again changes nothing. All or none.
          """,
        body: .init(schema: "Receipt", takesMany: true, maxBytes: APILimits.manyBytes),
        answer: .accepted("WrittenMany"), problems: [.deliveryUnknown])
    ) { call in
      let receipts = try await call.withJSON { json in try Self.read(json, now: call.now) }
      let events = try await events(receipts, call)
      let appended = try await writer.append(events, for: call, to: nil)
      return LedgerWriter.answer(appended)
    }
  }

  private static func read(_ json: JSON, now: Timestamp) throws(FieldError) -> [Receipt] {
    guard case .array(let values) = json else { return [try receipt(json, now, place: "")] }
    try ItemLimit.check(values.count, max: APILimits.itemsPerRequest, of: "receipts")
    var receipts: [Receipt] = []
    for (index, value) in values.enumerated() {
      do throws(FieldError) {
        receipts.append(try receipt(value, now, place: "[\(index)]."))
      } catch {
        throw error.inside("[\(index)]")
      }
    }
    return receipts
  }

  private static func receipt(
    _ json: JSON, _ now: Timestamp, place: String
  ) throws(FieldError) -> Receipt {
    let fields = try Fields(json)
    try fields.refuse(otherThan: Self.fields)
    let kind: Kind = try fields.requiredChoice("event")
    let source = try fields.choice("source", ReceiptSource.self)
    if kind == .opened, source != nil {
      throw FieldError(.unknownField, "source", "goes with the event delivered only.")
    }
    return Receipt(
      delivery: try fields.required("delivery_id", fields.uuid), kind: kind,
      at: try fields.timestamp("at") ?? now, source: source, place: place)
  }

  private func events(_ receipts: [Receipt], _ call: APICall) async throws -> [NewEvent] {
    let messages = try await reading.projection.messages(
      ofDeliveries: Array(Set(receipts.map(\.delivery))), in: call.app)
    var events: [NewEvent] = []
    for receipt in receipts {
      let field = receipt.place + "delivery_id"
      guard let message = messages[receipt.delivery] else {
        throw Problem(
          .deliveryUnknown,
          "\(field): the app has no such delivery. Send the delivery_id of the push's payload.",
          field: field)
      }
      let source = receipt.kind == .delivered ? receipt.source ?? .app : nil
      events.append(
        try EventDoor.event(
          id: EventID.receipt(receipt.kind.type, delivery: receipt.delivery, app: call.app),
          type: receipt.kind.type, occurredAt: receipt.at,
          data: .object(present: [
            ("delivery_id", JSON(receipt.delivery)),
            ("message_id", JSON(message)), ("at", JSON(receipt.at)),
            ("source", source.map { .string($0.rawValue) }),
          ]),
          content: nil))
    }
    return events
  }
}
