import Foundation
import PushCore

/// What was typed or pasted into the search, and what it can be.
struct SearchTerm: Sendable, Equatable {
  static let maxBytes = 300

  let text: String

  /// What it can be as an id: itself, and an UUID in both cases too.
  var spellings: [String] {
    guard let uuid else { return [text] }
    let upper = uuid.uuidString
    return Self.distinct([text, upper.lowercased(), upper])
  }

  /// Nil where it is too long for any user, device, group or message.
  var ids: [String] { text.utf8.count <= Limits.idBytes ? spellings : [] }

  /// Nil where it is none.
  var uuid: UUID? { UUID(uuidString: text) }

  /// As a place in the ledger, with or without the commas that the console shows it with.
  var position: Position? {
    let digits = text.utf8.contains(UInt8(ascii: ",")) ? text.replacing(",", with: "") : text
    guard (1...19).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let position = Position(digits), position >= 1
    else { return nil }
    return position
  }

  /// SHA-256 of tokens that it can mean: the text itself where it is one, and that of a token that
  /// was pasted. APNs writes a token in either case.
  var fingerprints: [String] {
    var texts = [text]
    let isHex = Hex.decode(text) != nil
    if isHex { texts.append(text.lowercased()) }
    let own = isHex && text.utf8.count == 64 ? [text.lowercased()] : []
    return Self.distinct(own + texts.map { DeviceRegistration.fingerprint(.string($0)) })
  }

  private static func distinct(_ texts: [String]) -> [String] {
    texts.reduce(into: []) { found, text in
      if !found.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { found.append(text) }
    }
  }
}
