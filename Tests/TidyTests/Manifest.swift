/// What Package.swift says of the targets, read from its text.
struct Manifest {
  /// Each target and what it names as dependencies: targets, and modules of packages.
  private(set) var dependencies: [String: Set<String>] = [:]
  /// The folder of each target's sources, ending in a slash.
  private var folders: [String: String] = [:]

  init() throws {
    let text = try SourceTree.file("Package.swift").text
    let modules = Self.modules(in: text)
    let calls = /\.(?:target|executableTarget|testTarget|systemLibrary)\(/
    guard let targets = text.ranges(of: /targets: \[\n/).last else { return }
    let starts = text[targets.upperBound...].ranges(of: calls).map(\.upperBound)
    for (start, end) in zip(starts, starts.dropFirst() + [text.endIndex]) {
      let block = text[start..<end]
      guard let name = block.firstMatch(of: /name: "(\w+)"/)?.output.1 else { continue }
      let path = block.firstMatch(of: /path: "([^"]+)"/)?.output.1 ?? "Sources/\(name)"
      folders[String(name)] = path + "/"
      let list = block.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.output.1 ?? ""
      let words = list.matches(of: /"?\w+"?/).map { String($0.output) }
      dependencies[String(name)] = Set(
        words.map { word in
          word.hasPrefix("\"") ? String(word.dropFirst().dropLast()) : modules[word] ?? word
        })
    }
  }

  /// The target that the file belongs to, tests aside.
  func module(of file: SourceFile) -> String? {
    folders.first { file.path.hasPrefix($0.value) }?.key
  }

  /// `let nioCore = Target.Dependency.product(name: "NIOCore", …)`: the module for each name.
  private static func modules(in text: String) -> [String: String] {
    let product = /let (\w+) = Target\.Dependency\.product\(\s*name: "(\w+)"/
    return Dictionary(
      text.matches(of: product).map { (String($0.output.1), String($0.output.2)) },
      uniquingKeysWith: { first, _ in first })
  }
}
