import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import PushCore
import Simulators

/// A simulator and a client that trusts it.
struct BellBench: Sendable {
  enum Version: CaseIterable, Sendable { case http1, http2 }

  struct Answer: Sendable {
    var status: Int
    var version: HTTPVersion
    var headers: HTTPHeaders
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { (try? JSON.parse(body)) ?? .null }
  }

  let simulator: ProviderSimulator<BellSimulation>
  private let client: HTTPClient

  private static let maxAnswerBytes = 4_194_304

  static func run(
    _ version: Version = .http2,
    _ prepare: (inout ProviderSimulatorConfiguration) -> Void = { _ in },
    _ body: (BellBench) async throws -> Void
  ) async throws {
    var configuration = ProviderSimulatorConfiguration()
    configuration.rememberedPushes = 4_096
    configuration.rememberedPayloads = 10
    prepare(&configuration)
    let simulator = try await ProviderSimulator.start(
      BellSimulation(), configuration, logger: Logger(label: "test"))
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(simulator.caCertificatePEM.utf8)))
    var settings = HTTPClient.Configuration(tlsConfiguration: tls)
    settings.connectionPool.retryConnectionEstablishment = false
    settings.httpVersion = version == .http1 ? .http1Only : .automatic
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    do {
      try await body(BellBench(simulator: simulator, client: client))
    } catch {
      await simulator.stop()
      try await client.shutdown()
      throw error
    }
    await simulator.stop()
    try await client.shutdown()
  }

  func call(
    _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
  ) async throws -> Answer {
    try await call(method, url: simulator.url + path, headers: headers, body: body)
  }

  func control(
    _ method: HTTPMethod, _ path: String, _ body: String? = nil
  ) async throws -> Answer {
    let url = "http://127.0.0.1:\(simulator.controlPort ?? 0)\(path)"
    return try await call(method, url: url, headers: [], body: body.map { Array($0.utf8) })
  }

  private func call(
    _ method: HTTPMethod, url: String, headers: [(String, String)], body: [UInt8]?
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = method
    request.headers = HTTPHeaders(headers)
    request.body = body.map { .bytes($0) }
    let response = try await client.execute(request, timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: Self.maxAnswerBytes)
    return Answer(
      status: Int(response.status.code), version: response.version, headers: response.headers,
      body: Array(bytes.readableBytesView))
  }

  /// Pushes to the tokens, and answers what became of each.
  func push(
    _ tokens: String..., delivery: String? = nil, receipt: String? = nil, delay: Int? = nil
  ) async throws -> [String?] {
    try await push(tokens, delivery: delivery, receipt: receipt, delay: delay)
  }

  func push(
    _ tokens: [String], delivery: String? = nil, receipt: String? = nil, delay: Int? = nil
  ) async throws -> [String?] {
    let body = JSON.object(present: [
      ("tokens", .array(tokens.map { .string($0) })),
      ("delivery_id", delivery.map { .string($0) }), ("receipt", receipt.map { .string($0) }),
      ("delay", delay.map { .integer($0) }),
    ])
    let answer = try await call(.POST, "/push", body: body.serialized())
    return answer.json["fates"]?.array?.map(\.string) ?? []
  }
}
