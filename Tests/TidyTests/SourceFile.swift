/// A text file of the project.
struct SourceFile: CustomStringConvertible {
  /// From the project's root, as in `Sources/PushCore/Base/Hex.swift`.
  let path: String
  let text: String

  var isSwift: Bool { path.hasSuffix(".swift") }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  var description: String { path }

  /// The lines without comments and without the text of multi-line strings.
  var code: [Substring] {
    var inString = false
    return lines.filter { line in
      let quotes = line.ranges(of: "\"\"\"").count
      defer { if !quotes.isMultiple(of: 2) { inString.toggle() } }
      return !inString && !line.drop(while: { $0 == " " }).hasPrefix("//")
    }
  }

  /// The modules that the file imports, whole or in part.
  var imports: Set<String> {
    let statement =
      /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|actor|func|var|let|typealias)\s+)?(\w+)/
    return Set(
      code.filter { $0.contains("import ") }
        .compactMap { try? statement.prefixMatch(in: $0).map { String($0.output.1) } })
  }
}
