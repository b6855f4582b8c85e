import Testing

/// docs/tencent-compatibility.md says what is the same as Tencent's, and which test shows it.
@Suite struct CiteTests {
  private static let document = "docs/tencent-compatibility.md"

  /// The rows of its tables that say "same", as their last cells.
  private func proofs() throws -> [(line: String, proof: String)] {
    try SourceTree.file(Self.document).lines.compactMap { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
      guard line.hasPrefix("|"), cells.count >= 5,
        cells[cells.count - 3].trimmingPrefix(" ").hasPrefix("same")
      else { return nil }
      return (String(line), String(cells[cells.count - 2]))
    }
  }

  @Test func showsWhatIsTheSame() throws {
    let rows = try proofs()
    #expect(rows.count > 250)
    for row in rows { #expect(row.proof.contains("`"), "\(row.line)") }
  }

  @Test func namesTestsThatThereAre() throws {
    var functions: [String: Set<String>] = [:]
    for file in SourceTree.swift where file.path.hasPrefix("Tests/") {
      let names = file.code.flatMap { $0.matches(of: /\bfunc (\w+)\(/).map { String($0.output.1) } }
      for suite in file.code.flatMap({ $0.matches(of: /\b(?:struct|extension) (\w+)/) }) {
        functions[String(suite.output.1), default: []].formUnion(names)
      }
    }
    let files = Set(SourceTree.files.map(\.path))
    for row in try proofs() {
      for name in row.proof.matches(of: /`(\w+)\.(\w+)`/) {
        let (suite, function) = (String(name.output.1), String(name.output.2))
        #expect(functions[suite]?.contains(function) == true, "\(suite).\(function)")
      }
      for name in row.proof.matches(of: /`Examples\/([\w-]+\.md)`/) {
        #expect(files.contains("Tests/PushCoreTests/Examples/\(name.output.1)"), "\(name.output.0)")
      }
    }
  }
}
