import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PushCore

/// `pushledger simulate provider` as a process, any provider but APNs, and what it says has arrived.
struct PlayedProvider: Sendable {
  /// A push that was taken for good.
  struct Taken: Hashable, Sendable {
    var token: String
    /// Nil where the provider's pushes carry none.
    var delivery: UUID?
    var text: String?
  }

  private static let pageLimit = 10_000
  private static let bodyLimit = 64 << 20
  private static let lookInterval = Duration.milliseconds(20)

  let name: String
  let process: RunningCommand
  /// Where pushes are taken.
  let url: String
  private let certificate: String
  private let control: String

  static func start(
    _ rig: CommandRig, _ name: String, latency milliseconds: Int = 0
  ) async throws -> PlayedProvider {
    let certificate = rig.path("authority-\(name).pem")
    let process = try rig.start([
      "simulate", "provider", name, "--port", "0", "--control-port", "0", "--certificate",
      certificate, "--latency", "\(milliseconds)",
    ])
    guard
      let line = await process.line(containing: "\(name) is played on"),
      let port = line.firstMatch(of: /https:\/\/[^ ]*:(\d+)/)?.output.1,
      let control = line.firstMatch(of: /http:\/\/[^ ]*:\d+/)?.output
    else { throw CommandFailure(command: await process.stop()) }
    return PlayedProvider(
      name: name, process: process, url: "https://localhost:\(port)", certificate: certificate,
      control: String(control))
  }

  /// The options of `credentials add` that say where to send.
  var place: [String] { ["--set", "url=\(url)", "--set", "trust_root=@\(certificate)"] }

  // MARK: What arrived

  /// Everything that was taken, in the order of arrival, repeats and all.
  func taken() async throws -> [Taken] {
    var after: Int64 = 0
    return try await taken(after: &after)
  }

  /// What was taken since.
  ///
  /// - Parameter after: A sequence; moves on to the last one seen.
  func taken(after: inout Int64) async throws -> [Taken] {
    var taken: [Taken] = []
    while true {
      let page = try await call(.GET, "/received?after=\(after)&limit=\(Self.pageLimit)")
      let pushes = page["pushes"]?.array ?? []
      guard !pushes.isEmpty, let next = page["next"]?.integer else { return taken }
      taken += pushes.compactMap(Self.taken)
      after = next
    }
  }

  /// Looks at what arrives until the process ends.
  ///
  /// - Returns: All of it, in the order of arrival.
  func watch(_ arrived: Arrived) async -> [Taken] {
    var taken: [Taken] = []
    var after: Int64 = 0
    while let new = try? await self.taken(after: &after) {
      arrived.add(new.compactMap(\.delivery))
      taken += new
      try? await Task.sleep(for: Self.lookInterval)
    }
    return taken
  }

  private static func taken(_ push: JSON) -> Taken? {
    guard push["accepted"]?.bool == true, let token = push["token"]?.string else { return nil }
    let note = push["note"]
    return Taken(
      token: token, delivery: note?["delivery_id"]?.string.flatMap(UUID.init(uuidString:)),
      text: (note?["body"] ?? note?["text"])?.string)
  }

  // MARK: What it is told

  @discardableResult
  func call(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> JSON {
    var request = HTTPClientRequest(url: control + path)
    request.method = method
    if let body { request.body = .bytes(ByteBuffer(bytes: body.serialized())) }
    let response = try await Feeder.client.execute(request, timeout: .seconds(60))
    let answer = try await response.body.collect(upTo: Self.bodyLimit)
    guard response.status == .ok else { throw Refused(path: path, status: response.status.code) }
    return try JSON.parse(answer.readableBytesView)
  }

  struct Refused: Error {
    var path: String
    var status: UInt
  }
}

extension PlayedProvider {
  /// Starts FCM and adds the credential with which the app sends there, at full speed at once.
  static func startFCM(
    _ rig: CommandRig, latency milliseconds: Int = 0
  ) async throws -> PlayedProvider {
    let account = try SimulatedAccount("simulator")
    let fcm = try await start(rig, "fcm", latency: milliseconds)
    try await fcm.call(.POST, "/accounts", account.known)
    let file = try rig.write("account.json", account.file)
    try await rig.succeed(
      [
        "credentials", "add", CommandRig.app, "simulator", "--provider", "fcm", "--secret", file,
        "--set", "ramp_seconds=0",
      ] + fcm.place)
    return fcm
  }

  /// What was taken of pushes that carry the id of their delivery.
  func arrivals() async throws -> [Arrival] {
    guard let provider = ProviderName(rawValue: name) else { return [] }
    return try await taken().compactMap { push in
      push.delivery.map { Arrival(provider: provider, token: push.token, delivery: $0) }
    }
  }
}
