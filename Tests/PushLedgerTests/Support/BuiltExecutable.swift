import Foundation

/// The executable that was built with the tests: it lies beside their bundle.
enum BuiltExecutable {
  static let url: URL = {
    let candidates =
      [Bundle.main.executableURL, CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }]
      + Bundle.allBundles.map(\.bundleURL)
    let folders = candidates.compactMap { $0?.resolvingSymlinksInPath() }
      .flatMap { [$0.deletingLastPathComponent(), $0] }
    let found = folders.map { $0.appendingPathComponent("pushledger") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) && !isFolder($0) }
    return found ?? URL(fileURLWithPath: "pushledger")
  }()

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
