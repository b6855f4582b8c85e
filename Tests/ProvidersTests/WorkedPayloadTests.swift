import Foundation
import PushCore
import TestSupport
import Testing

@testable import Providers

/// The payloads of the worked examples for APNs.
@Suite struct MakeWorkedPayloads {
  private let id = "0b0f2c0e-5a6d-5f0a-8d3e-3c7f1a2b4c5d"

  @Test(arguments: ["one-to-one-apns", "group-apns"])
  func putsEverythingWhereAppleLooksForIt(_ file: String) throws {
    var payloads = 0
    for row in try WorkedExample.rows(of: file) {
      guard case .pushed(let notification) = try row.decided(for: .apns) else { continue }
      let bytes = try #require(APNsPayload.make(notification, deliveryID: id))
      let payload = try JSON.parse(bytes)
      payloads += 1
      let thread = file == "group-apns" ? "group/g1" : "user/ann"
      #expect(payload == expected(row.expected, thread: thread), "\(file): \(row.name)")
    }
    #expect(payloads >= 45)
  }

  /// The payload that a row's results stand for.
  private func expected(_ shown: WorkedExample.Shown, thread: String) -> JSON {
    let more = shown.more.components(separatedBy: "; ")
    func said(_ word: String) -> String? {
      more.first { $0.hasPrefix(word + " ") }.map { String($0.dropFirst(word.count + 1)) }
    }
    let alert: JSON =
      shown.title.isEmpty
      ? .string(shown.text)
      : .object(present: [
        ("title", .string(shown.title)),
        ("subtitle", shown.subtitle.isEmpty ? nil : .string(shown.subtitle)),
        ("body", .string(shown.text)),
      ])
    let aps = JSON.object(present: [
      ("alert", alert), ("sound", shown.sound.isEmpty ? nil : .string(shown.sound)),
      ("badge", Int64(shown.badge).map { .integer($0) }),
      ("mutable-content", more.contains("mutable") ? 1 : nil),
      ("interruption-level", said("level").map { .string($0) }), ("thread-id", .string(thread)),
    ])
    return .object(present: [
      ("aps", aps), ("ext", shown.ext.isEmpty ? nil : .string(shown.ext)),
      ("image", said("image").map { .string($0) }), ("delivery_id", .string(id)),
    ])
  }
}
