import Testing

@Suite struct KeepFilesTidy {
  private static let longestFile = 400
  private static let bannedWords: Set<String> = [
    "util", "helper", "manager", "job", "queue", "offset",
  ]

  @Test func staysShort() {
    for file in SourceTree.swift {
      let lines = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
      #expect(lines <= Self.longestFile, "\(file) has \(lines) lines")
    }
  }

  @Test func namesNoFileWithABannedWord() {
    for file in SourceTree.files {
      #expect(banned(file.path) == [], "\(file)")
    }
  }

  @Test func namesNoTypeWithABannedWord() {
    let declaration = /\b(?:struct|class|enum|actor|protocol|typealias)\s+([A-Z]\w*)/
    for file in SourceTree.swift {
      let names = file.code.flatMap { $0.matches(of: declaration).map { String($0.output.1) } }
      for name in names { #expect(banned(name) == [], "\(name) in \(file)") }
    }
  }

  /// Neither where this was written nor where its parts were fetched from is the project's matter.
  @Test func namesNoMachine() {
    let folder = Regex(/(?:^|[^\w.-])\/(?:work|farm|root|home)\/\w|\/opt\/swift-packages/)
    let host = Regex(/https?:\/\/[^\/\s"]*(?:registry|mirror|artifact|nexus|proxy)[^\/\s"]*/)
    for file in SourceTree.files where file.path != "Tests/TidyTests/KeepFilesTidy.swift" {
      for line in file.lines where line.contains("/") {
        #expect(line.firstMatch(of: folder) == nil, "\(file): \(line)")
        #expect(line.firstMatch(of: host) == nil, "\(file): \(line)")
      }
    }
  }

  @Test func leavesNothingUnfinished() {
    // In quotes it is a vendor's own word.
    let mark = /(?:^|[^"])\b(?:TODO|FIXME|XXX)\b/
    let crash = /\btry!|\bfatalError\(/
    for file in SourceTree.swift where file.path != "Tests/TidyTests/KeepFilesTidy.swift" {
      #expect(file.lines.filter { $0.firstMatch(of: mark) != nil } == [], "\(file)")
      if !file.path.hasPrefix("Tests/") {
        #expect(file.code.filter { $0.firstMatch(of: crash) != nil } == [], "\(file)")
      }
    }
  }

  @Test func provesSomethingInEveryTestFile() {
    let proof = /#expect|#require|Issue\.record|confirmation\(|\bexpect[A-Z]\w*\(/
    for file in SourceTree.swift where file.path.hasPrefix("Tests/") {
      guard file.code.contains(where: { $0.firstMatch(of: /^\s*@Test\b/) != nil }) else { continue }
      #expect(file.code.contains { $0.firstMatch(of: proof) != nil }, "\(file)")
    }
  }

  private func banned(_ name: String) -> Set<String> {
    let words = Set(words(of: name))
    return Self.bannedWords.filter { words.contains($0) || words.contains($0 + "s") }
  }

  /// `APNsJobQueue` is apns, job and queue.
  private func words(of name: String) -> [String] {
    name.matches(of: /[A-Z]+[a-z]*|[a-z]+/).map { $0.output.lowercased() }
  }
}
