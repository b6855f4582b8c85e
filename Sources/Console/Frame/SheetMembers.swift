import Mustache

/// A value's properties by their names, for the templates; those that are nil are not there.
///
/// Mustache would look each name up by reflecting the value, for every row anew: a page of 200 kB
/// took 80 ms to render, and takes 20 where all is laid out once.
struct SheetMembers: MustacheParent {
  private(set) var members: [String: Any]

  init(of value: Any) { self.init(Mirror(reflecting: value)) }

  private init(_ mirror: Mirror) {
    members = [:]
    for child in mirror.children {
      if let name = child.label { members[name] = Self.laidOut(child.value) }
    }
  }

  /// - Returns: With the other's, which hide its own of the same names.
  func merging(_ other: SheetMembers) -> SheetMembers {
    var merged = self
    merged.members.merge(other.members) { $1 }
    return merged
  }

  func child(named name: String) -> Any? { members[name] }

  /// What is text, or can say itself as text, is shown as that.
  private static func laidOut(_ value: Any) -> Any? {
    switch value {
    case let text as String: return SheetText(renderText: text)
    case let number as Double: return SheetText(renderText: number.description)
    case let number as Int64: return SheetText(renderText: number.description)
    case is Bool: return value
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.flatMap { laidOut($0.value) }
    case .collection: return mirror.children.compactMap { laidOut($0.value) }
    case .struct where !(value is any CustomStringConvertible): return SheetMembers(mirror)
    default: return value
    }
  }
}

/// Text that says of itself how it is shown: Mustache need not find out.
private struct SheetText: MustacheCustomRenderable {
  let renderText: String
  var isNull: Bool { false }
}
