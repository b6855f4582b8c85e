import Foundation
import PushCore

/// A place in a list from the newest to the oldest: what comes after it there.
///
/// Places in the ledger and ids of deliveries never change, so that a list that is walked from page
/// to page shows each row once, however many come in the meantime.
struct DeliveryCursor: Sendable, Equatable {
  var position: Position
  /// Of the deliveries at that position, those whose ids are below; nil: none of them.
  var delivery: UUID?

  var text: String { delivery.map { "\(position).\($0.uuidString.lowercased())" } ?? "\(position)" }

  init(position: Position, delivery: UUID? = nil) {
    self.position = position
    self.delivery = delivery
  }

  /// - Throws: ``Refusal/address(_:)``
  init?(_ fields: AddressFields) throws(Refusal) {
    guard let text = try fields.text("before", maxBytes: 64) else { return nil }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let position = Position(parts[0]), position >= 1 else { throw Self.refusal }
    self.position = position
    if parts.count == 2 {
      guard let delivery = UUID(uuidString: String(parts[1])) else { throw Self.refusal }
      self.delivery = delivery
    }
  }

  private static let refusal = Refusal.address(
    "The parameter before is no place in a list. Take it from a link of the list.")
}
