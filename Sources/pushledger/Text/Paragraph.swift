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

extension Duration {
  /// For people: `38 ms`, `1.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`; with a minus before 0.
  var spoken: String {
    if self < .zero { return "-" + (Duration.zero - self).spoken }
    let milliseconds = components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    let seconds = milliseconds / 1_000
    switch seconds {
    case 0: return "\(milliseconds) ms"
    case 1..<60: return "\(seconds).\(milliseconds % 1_000 / 100) s"
    case 60..<3_600: return "\(seconds / 60) min \(seconds % 60) s"
    case 3_600..<86_400: return "\(seconds / 3_600) h \(seconds / 60 % 60) min"
    default: return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
    }
  }
}
