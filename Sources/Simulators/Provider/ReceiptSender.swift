import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import PushCore
import Synchronization

/// Sends receipts to the customer's server, each once, and keeps what became of them.
final class ReceiptSender: Sendable {
  private struct State {
    var sent: [SentReceipt] = []
    var underWay: [Int: Task<Void, Never>] = [:]
    var nextNumber = 0
    var isFinished = false
  }

  /// So many may wait for their time or their answer; more are not sent.
  private static let maxUnderWay = 10_000
  /// The newest so many that were sent are kept.
  private static let rememberedReceipts = 10_000
  private static var timeout: TimeAmount { .seconds(10) }
  private static let connectionsPerHost = 16

  private let client: HTTPClient
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger
  private let state = Mutex(State())
  private let gate = CountGate()

  init(
    trustPEM: String?, clock: @escaping @Sendable () -> Timestamp, group: any EventLoopGroup,
    logger: Logger
  ) throws(SimulatorError) {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: Self.timeout))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      Self.connectionsPerHost
    configuration.connectionPool.retryConnectionEstablishment = false
    if let trustPEM {
      var tls = TLSConfiguration.makeClientConfiguration()
      do {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(trustPEM.utf8)))
      } catch {
        throw .badCertificate(String(describing: error))
      }
      configuration.tlsConfiguration = tls
    }
    client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    self.clock = clock
    self.logger = logger
  }

  /// The newest 10,000, in the order in which they ended.
  var sent: [SentReceipt] { state.withLock { $0.sent } }

  func wait(for count: Int) async { await gate.wait(for: count) }

  func send(_ receipt: SimulatedReceipt) {
    let hasRoom = state.withLock { state in
      if state.isFinished { return true }
      guard state.underWay.count < Self.maxUnderWay else { return false }
      state.nextNumber += 1
      let number = state.nextNumber
      state.underWay[number] = Task { await self.perform(receipt, number) }
      return true
    }
    if !hasRoom {
      logger.warning("A receipt is not sent: too many are under way")
      keep(receipt, status: nil, problem: "Too many receipts are under way.")
    }
  }

  private func perform(_ receipt: SimulatedReceipt, _ number: Int) async {
    var status: Int?
    var problem: String?
    do {
      if receipt.delay > .zero { try await Task.sleep(for: receipt.delay) }
      var request = HTTPClientRequest(url: receipt.url)
      request.method = HTTPMethod(rawValue: receipt.method)
      request.headers = HTTPHeaders(receipt.headers)
      request.body = .bytes(receipt.body)
      let response = try await client.execute(request, timeout: Self.timeout)
      status = Int(response.status.code)
      for try await _ in response.body {}
    } catch {
      problem = String(describing: error)
    }
    let isWanted = state.withLock { $0.underWay.removeValue(forKey: number) != nil }
    if isWanted { keep(receipt, status: status, problem: problem) }
  }

  private func keep(_ receipt: SimulatedReceipt, status: Int?, problem: String?) {
    let sent = SentReceipt(
      url: receipt.url, body: receipt.body, sentAt: clock(), status: status, problem: problem)
    state.withLock { state in
      if state.sent.count == Self.rememberedReceipts { state.sent.removeFirst() }
      state.sent.append(sent)
    }
    gate.add()
  }

  /// Forgets those sent, and gives up those under way.
  func clear() {
    let given = state.withLock { state in
      defer {
        state.sent = []
        state.underWay = [:]
      }
      return state.underWay.values.map { $0 }
    }
    for task in given { task.cancel() }
    gate.reset()
  }

  /// Gives up those under way and closes every connection.
  func stop() async {
    let given = state.withLock { state in
      state.isFinished = true
      return Array(state.underWay.values)
    }
    for task in given { task.cancel() }
    for task in given { await task.value }
    gate.finish()
    try? await client.shutdown()
  }
}
