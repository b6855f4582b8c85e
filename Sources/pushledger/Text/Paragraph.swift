/// Lines of a name and a text beside it, for people: the text is broken at spaces.
struct Paragraph {
  static let columns = 100
  static let nameColumns = 11

  private(set) var lines: [String] = []

  mutating func add(_ line: String = "") { lines.append(line) }

  /// Adds a text under a name; nothing where there is no text.
  mutating func add(_ name: String, _ text: String?, indent: Int = 4) {
    guard let text, !text.isEmpty else { return }
    let space = String(repeating: " ", count: indent)
    let column = max(Self.nameColumns, name.count + 2)
    var line = space + name + String(repeating: " ", count: column - name.count)
    let start = line.count
    for word in text.split(separator: " ") {
      if line.count > start, line.count + word.count > Self.columns {
        lines.append(Self.trimmed(line))
        line = String(repeating: " ", count: start)
      }
      line += word + " "
    }
    lines.append(Self.trimmed(line))
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }

  var text: String { lines.joined(separator: "\n") }
}
