import Foundation

/// The project's files as they are on disk, without what builds and runs leave behind.
enum SourceTree {
  private static let skipped: Set<String> = [
    ".git", ".swiftpm", ".pushledger", "DerivedData", "Package.resolved", ".env",
  ]

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let files: [SourceFile] = read("").sorted { $0.path < $1.path }
  static let swift = files.filter(\.isSwift)

  static func file(_ path: String) throws -> SourceFile {
    SourceFile(
      path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
  }

  private static func read(_ folder: String) -> [SourceFile] {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/" + folder)) ?? []
    return names.flatMap { name -> [SourceFile] in
      guard !skipped.contains(name), !name.hasPrefix(".build") else { return [] }
      let path = folder.isEmpty ? name : folder + "/" + name
      let url = root.appending(path: path)
      let values = try? url.resourceValues(forKeys: [.isDirectoryKey, .isSymbolicLinkKey])
      if values?.isSymbolicLink == true { return [] }
      if values?.isDirectory == true { return read(path) }
      guard let text = try? String(contentsOf: url, encoding: .utf8) else { return [] }
      return [SourceFile(path: path, text: text)]
    }
  }
}
