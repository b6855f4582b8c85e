import Foundation
import Ledger
import Projections
import PushCore
import Testing

@testable import API

extension APIRig {
  /// Archives all of `demo`, of which nothing may be due, and detaches it.
  ///
  /// - Returns: The archive's end.
  func detachEverything() async throws -> Position {
    let head = try await head()
    // The projection has come so far.
    #expect(try await get("/v1/users/nobody/devices?at_least=\(head)").status == 200)
    let folder = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let later = Timestamp(microseconds: .max / 4)
    _ = try await Archiver(pool).run(Self.demo, before: later, to: folder)
    let report = try await Detacher(pool).run(Self.demo, archive: try ArchiveReader(folder))
    #expect(report.position == head && report.heldBy == nil, "\(report)")
    return report.position
  }
}
