extension JSON {
  /// For people: each member and element on a line of its own, two spaces deeper than what holds it.
  public var indented: String {
    var text = ""
    indent(into: &text, "")
    return text
  }

  private func indent(into text: inout String, _ margin: String) {
    let inner = margin + "  "
    switch self {
    case .array(let values) where !values.isEmpty:
      text += "[\n"
      for (index, value) in values.enumerated() {
        text += (index > 0 ? ",\n" : "") + inner
        value.indent(into: &text, inner)
      }
      text += "\n\(margin)]"
    case .object(let members) where !members.isEmpty:
      text += "{\n"
      for (index, member) in members.enumerated() {
        text += (index > 0 ? ",\n" : "") + inner + JSON.string(member.key).text + ": "
        member.value.indent(into: &text, inner)
      }
      text += "\n\(margin)}"
    default: text += self.text
    }
  }
}
