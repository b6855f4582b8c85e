import Testing

/// docs/operating.md has the table of all settings.
@Suite struct DocumentSettings {
  @Test func listsEachVariable() throws {
    let text = try SourceTree.file("docs/operating.md").text
    let variables = try Executable.settingVariables()
    #expect(variables.count > 10)
    #expect(variables.filter { !text.contains("| `\($0)` |") } == [])
  }
}
