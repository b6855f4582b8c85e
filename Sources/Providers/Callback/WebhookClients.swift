internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import PushCore
internal import Synchronization

/// The connections to webhooks. A host's name is looked up now and then, and connections go to the
/// very address that was found and looked at: none of this server's own network, unless allowed.
///
///     host ─► known, and looked up of late? ── yes ──► its client ─► call
///                      │ no                               ▲
///                      └─► look up ─► may it be called? ──┘
final class WebhookClients: Sendable {
  typealias LookUp = @Sendable (_ host: String) -> SocketAddress?

  /// A host that was looked up longer ago is looked up again.
  static let addressLifetime = Duration.seconds(60)
  /// Hosts whose connections are kept.
  static let mostHosts = 256
  /// Of an answer nothing but its status counts; so much of it is read.
  static let answerBytes = 65_536

  enum Outcome: Sendable {
    /// It may not be called.
    case refused(String)
    case answered(Result<HTTPAnswer, HTTPFailure>)
  }

  private struct Key: Hashable {
    var host: String
    var allowsPrivate: Bool
    var trust: TrustRoots
  }

  private final class Entry: Sendable {
    let client: HTTPClient
    let goodUntil: ContinuousClock.Instant
    let use = Mutex((inFlight: 0, isRetired: false))

    init(_ client: HTTPClient) {
      self.client = client
      goodUntil = .now + WebhookClients.addressLifetime
    }
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var isClosed = false
  }

  private let connectTimeout: Duration
  private let eventLoopGroup: any EventLoopGroup
  private let lookUp: LookUp
  private let state = Mutex(State())

  /// - Parameter lookUp: The first address of a host; the system's resolver unless given.
  init(
    connectTimeout: Duration, eventLoopGroup: any EventLoopGroup,
    lookUp: @escaping LookUp = { try? SocketAddress.makeAddressResolvingHost($0, port: 443) }
  ) {
    self.connectTimeout = connectTimeout
    self.eventLoopGroup = eventLoopGroup
    self.lookUp = lookUp
  }

  func execute(
    _ call: HTTPCall, to url: WebhookURL, with credential: CallbackCredential,
    deadline: NIODeadline
  ) async -> Outcome {
    let key = Key(
      host: url.host, allowsPrivate: credential.allowsPrivate, trust: credential.trustRoots)
    do {
      let entry = try await borrow(key, deadline)
      defer { giveBack(entry) }
      return .answered(.success(try await Self.answer(to: call, entry.client, deadline)))
    } catch let refusal as Refusal {
      return .refused(refusal.reason)
    } catch let failure as HTTPFailure {
      return .answered(.failure(failure))
    } catch {
      return .answered(.failure(HTTPFailure(error)))
    }
  }

  private static func answer(
    to call: HTTPCall, _ client: HTTPClient, _ deadline: NIODeadline
  ) async throws -> HTTPAnswer {
    var request = HTTPClientRequest(url: call.url)
    request.method = .POST
    for header in call.headers { request.headers.add(name: header.name, value: header.value) }
    request.headers.add(name: "user-agent", value: "pushledger")
    request.body = .bytes(ByteBuffer(bytes: call.body))
    let response = try await client.execute(request, deadline: deadline)
    var answer = HTTPAnswer(status: Int(response.status.code))
    answer.headers = response.headers.map { ($0.name.lowercased(), $0.value) }
    var bytes = 0
    for try await part in response.body {
      bytes += part.readableBytes
      if bytes > answerBytes { break }
      // An answer that trickles is late, too.
      guard NIODeadline.now() < deadline else { throw HTTPClientError.deadlineExceeded }
    }
    return answer
  }

  // MARK: Where it goes

  private struct Refusal: Error { var reason: String }

  /// Looks a host up. Nobody can break off the system's resolver: one that is late is left to
  /// itself.
  private func address(of host: String, _ deadline: NIODeadline) async throws -> SocketAddress {
    let (answers, answer) = AsyncStream.makeStream(of: SocketAddress?.self)
    let lookUp = self.lookUp
    NIOThreadPool.singleton.submit { _ in
      answer.yield(lookUp(host))
      answer.finish()
    }
    let timer = Task {
      try? await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
      answer.finish()
    }
    defer { timer.cancel() }
    for await found in answers {
      guard let found else {
        throw HTTPFailure(reason: "connect_name_unknown", mayHaveArrived: false)
      }
      return found
    }
    throw HTTPFailure(reason: ConnectFailure.timeout, mayHaveArrived: false)
  }

  private func borrow(_ key: Key, _ deadline: NIODeadline) async throws -> Entry {
    if let entry = state.withLock({ Self.take(key, &$0) }) { return entry }
    let address = try await address(of: key.host, deadline)
    guard key.allowsPrivate || PublicAddress.holds(address.bytes) else {
      throw Refusal(reason: "private_address")
    }
    let text = address.ipAddress ?? ""
    let (entry, retired): (Entry?, [Entry]) = state.withLock { state in
      guard !state.isClosed else { return (nil, []) }
      // Another call may have looked it up meanwhile.
      if let entry = Self.take(key, &state) { return (entry, []) }
      guard let client = makeClient(key, address: text) else { return (nil, []) }
      var retired: [Entry] = []
      if let old = state.entries.removeValue(forKey: key) { retired.append(old) }
      if state.entries.count >= Self.mostHosts,
        let oldest = state.entries.min(by: { $0.value.goodUntil < $1.value.goodUntil })
      {
        state.entries[oldest.key] = nil
        retired.append(oldest.value)
      }
      state.entries[key] = Entry(client)
      return (Self.take(key, &state), retired)
    }
    for old in retired { retire(old) }
    guard let entry else { throw HTTPFailure(reason: "shutting_down", mayHaveArrived: false) }
    return entry
  }

  private static func take(_ key: Key, _ state: inout State) -> Entry? {
    guard let entry = state.entries[key], entry.goodUntil > .now else { return nil }
    entry.use.withLock { $0.inFlight += 1 }
    return entry
  }

  private func giveBack(_ entry: Entry) {
    let isOver = entry.use.withLock { use in
      use.inFlight -= 1
      return use.isRetired && use.inFlight == 0
    }
    if isOver { Self.close(entry) }
  }

  /// Closes a client once nothing is under way on it.
  private func retire(_ entry: Entry) {
    let isOver = entry.use.withLock { use in
      use.isRetired = true
      return use.inFlight == 0
    }
    if isOver { Self.close(entry) }
  }

  private static func close(_ entry: Entry) {
    Task { try? await entry.client.shutdown() }
  }

  private func makeClient(_ key: Key, address: String) -> HTTPClient? {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let pem = key.trust.pem {
      guard let roots = try? NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)) else { return nil }
      tls.trustRoots = .certificates(roots)
    }
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .init(connectTimeout)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.idleTimeout = .seconds(60)
    configuration.dnsOverride = [key.host: address]
    return HTTPClient(
      eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
  }

  func shutdown() async {
    let entries = state.withLock { state in
      defer { state = State(entries: [:], isClosed: true) }
      return Array(state.entries.values)
    }
    for entry in entries { try? await entry.client.shutdown() }
  }
}

extension SocketAddress {
  /// The IP address in network order; empty for what has none. Source: `sockaddr_in` and
  /// `sockaddr_in6` of ip(7) and ipv6(7): family and port, 2 bytes each; for IPv6 4 bytes of flow.
  fileprivate var bytes: [UInt8] {
    let place: Range<Int>
    switch self {
    case .v4: place = 4..<8
    case .v6: place = 8..<24
    case .unixDomainSocket: return []
    }
    return withSockAddr { address, size in
      let bytes = UnsafeRawBufferPointer(start: address, count: size)
      return size >= place.upperBound ? Array(bytes[place]) : []
    }
  }
}
