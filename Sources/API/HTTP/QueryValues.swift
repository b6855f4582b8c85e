import Foundation
import PushCore

/// The parameters after a path's `?`, each known to the route and given once.
struct QueryValues: Sendable {
  static let none = QueryValues(values: [])

  private let values: [(name: String, value: String)]

  private init(values: [(name: String, value: String)]) { self.values = values }

  /// - Throws: ``FieldError`` naming the parameter.
  init(_ query: Substring, known: [QueryParameter]) throws(FieldError) {
    var values: [(name: String, value: String)] = []
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentDecoding.decode(parts[0], plusIsSpace: true),
        let value = PercentDecoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
      else {
        throw FieldError(
          .malformed, "query", "is not percent-encoded UTF-8; encode its names and values.")
      }
      guard known.contains(where: { $0.name == name }) else {
        let names = known.map(\.name).joined(separator: ", ")
        throw FieldError(
          .unknownField, FieldError.shownName(name) ?? "query",
          "is not a query parameter here; known are: \(names.isEmpty ? "none" : names).")
      }
      guard !values.contains(where: { $0.name == name }) else {
        throw FieldError(.malformed, name, "is given twice; give it once.")
      }
      values.append((name, value))
    }
    self.values = values
  }

  func text(_ name: String) -> String? { values.first { $0.name == name }?.value }

  func integer(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64? {
    guard let text = text(name) else { return nil }
    guard let number = Int64(text), range.contains(number) else {
      throw FieldError(
        .outOfRange, name,
        "is \(FieldError.shown(text)); a whole number from \(range.lowerBound) to "
          + "\(range.upperBound) is expected.")
    }
    return number
  }

  func bool(_ name: String) throws(FieldError) -> Bool? {
    switch text(name) {
    case nil: return nil
    case "true": return true
    case "false": return false
    case let other?:
      throw FieldError(
        .unknownValue, name, "is \(FieldError.shown(other)); one of true, false is expected.")
    }
  }

  func uuid(_ name: String) throws(FieldError) -> UUID? {
    guard let text = text(name) else { return nil }
    guard let id = UUID(uuidString: text) else {
      throw FieldError(
        .badFormat, name,
        "is \(FieldError.shown(text, most: 40)), no UUID; write it like "
          + "0c635ef1-2e9c-55e1-8eac-92155eb4db11.")
    }
    return id
  }
}
