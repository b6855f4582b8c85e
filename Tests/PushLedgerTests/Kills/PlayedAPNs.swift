import AsyncHTTPClient
import Foundation
import NIOCore
import PushCore

/// `pushledger simulate apns` as a process, and what it says has arrived.
struct PlayedAPNs: Sendable {
  private static let pageLimit = 10_000
  private static let bodyLimit = 64 << 20

  let process: RunningCommand
  private let control: String
  private let arrived: Arrived

  /// Starts it and adds the credential with which the app sends there.
  ///
  /// - Parameter arrived: Where it notes what ``watch()`` sees; others may note theirs there, too.
  static func start(
    _ rig: CommandRig, latency milliseconds: Int, _ arrived: Arrived = Arrived()
  ) async throws -> PlayedAPNs {
    let pair = try SigningPair(in: rig)
    let certificate = rig.path("authority.pem")
    let process = try rig.start([
      "simulate", "apns", "--port", "0", "--control-port", "0", "--certificate", certificate,
      "--key", "\(SigningPair.teamID):\(SigningPair.keyID):\(pair.publicPath)",
      "--latency", "\(milliseconds)",
    ])
    guard
      let line = await process.line(containing: "apns is played on"),
      let port = line.firstMatch(of: /https:\/\/[^ ]*:(\d+)/)?.output.1,
      let control = line.firstMatch(of: /http:\/\/[^ ]*:\d+/)?.output
    else { throw CommandFailure(command: await process.stop()) }
    try await rig.succeed(
      pair.addition(named: "simulator")
        + [
          "--set", "host=localhost", "--set", "port=\(port)", "--set",
          "trust_root=@\(certificate)",
        ])
    return PlayedAPNs(process: process, control: String(control), arrived: arrived)
  }

  /// Deliveries that arrived at least once.
  var delivered: Tally { arrived.count }

  /// Follows what arrives until the process ends, with however many bytes of its last line.
  ///
  /// - Returns: How many deliveries it saw.
  func watch() async -> Int {
    var seen: Set<UUID> = []
    defer { delivered.finish() }
    try? await follow(&seen)
    return seen.count
  }

  private func follow(_ seen: inout Set<UUID>) async throws {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: control + "/received/stream"), timeout: .minutes(10))
    var rest: [UInt8] = []
    for try await chunk in response.body {
      rest += chunk.readableBytesView
      guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
      let new = try rest[..<end].split(separator: UInt8(ascii: "\n"))
        .compactMap { Self.arrival(try JSON.parse($0))?.delivery }
      rest.removeFirst(end + 1)
      seen.formUnion(new)
      arrived.add(new)
    }
  }

  /// Everything that was accepted, in the order of arrival, repeats and all.
  func arrivals() async throws -> [Arrival] {
    var arrivals: [Arrival] = []
    var after: Int64 = 0
    while true {
      let page = try await get("/received?after=\(after)&limit=\(Self.pageLimit)")
      let pushes = page["pushes"]?.array ?? []
      guard !pushes.isEmpty, let next = page["next"]?.integer else { return arrivals }
      arrivals += pushes.compactMap(Self.arrival)
      after = next
    }
  }

  func get(_ path: String) async throws -> JSON {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: control + path), timeout: .seconds(60))
    let body = try await response.body.collect(upTo: Self.bodyLimit)
    return try JSON.parse(body.readableBytesView)
  }

  private static func arrival(_ push: JSON) -> Arrival? {
    guard push["status"]?.integer == 200, let token = push["token"]?.string,
      let id = push["apns_id"]?.string.flatMap(UUID.init(uuidString:))
    else { return nil }
    return Arrival(
      provider: .apns, token: token, delivery: id, badge: push["badge"]?.integer)
  }
}
