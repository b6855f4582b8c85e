internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import PushCore
internal import Synchronization

/// Whose certificates vouch for a server: PEM; nil: the system's trust store.
public struct TrustRoots: Hashable, Sendable {
  let pem: String?

  static let system = TrustRoots(pem: nil)
}

/// The connections of all providers that are reached by plain HTTP requests: HTTP/2 where the
/// server speaks it, else HTTP/1.1, kept from request to request.
///
/// A client keeps one HTTP/2 connection to each host, and servers allow some 100 streams on one
/// (Google's send a GOAWAY above it), so there are several clients; another
/// one is used only where those before it are full.
final class HTTPPool: Sendable {
  /// Requests on one client before the next one is used.
  static let streamsPerClient = 96
  /// Of an answer so much is kept; what is longer is no answer of a provider.
  static let answerBytes = 1_048_576
  private static let http1Connections = 64

  /// Pinned hosts that clients are kept for.
  static let maxPinnedHosts = 256

  private struct Client {
    let http: HTTPClient
    var inFlight = 0
  }

  /// What one client's connections have in common.
  private struct Way: Hashable {
    var trust: TrustRoots
    var pin: PinnedHost?
  }

  private struct Clients {
    var all: [Client] = []
    var lastUse = 0

    var areIdle: Bool { all.allSatisfy { $0.inFlight == 0 } }
  }

  private struct State {
    var ways: [Way: Clients] = [:]
    var uses = 0
    var isClosed = false
  }

  private let clientsPerWay: Int
  private let connectTimeout: Duration
  private let eventLoopGroup: any EventLoopGroup
  private let hosts: HostBook
  private let state = Mutex(State())

  /// - Parameter hosts: Looks up whom others named.
  init(
    connections: Int, connectTimeout: Duration, eventLoopGroup: any EventLoopGroup,
    hosts: HostBook
  ) {
    clientsPerWay = connections
    self.connectTimeout = connectTimeout
    self.eventLoopGroup = eventLoopGroup
    self.hosts = hosts
  }

  /// Makes one call; never later than soon after `deadline`.
  func execute(
    _ call: HTTPCall, trust: TrustRoots, deadline: NIODeadline
  ) async -> Result<HTTPAnswer, HTTPFailure> {
    do throws(HTTPFailure) {
      guard call.mustBePublic else {
        return .success(try await execute(call, Way(trust: trust), deadline))
      }
      guard let address = WebAddress(call.url) else { throw .urlMalformed }
      var call = call
      call.url = address.url
      let pin = try await hosts.pin(address.host, deadline: deadline)
      do throws(HTTPFailure) {
        return .success(try await execute(call, Way(trust: trust, pin: pin), deadline))
      } catch {
        if !error.mayHaveArrived { await hosts.forget(address.host) }
        throw error
      }
    } catch {
      return .failure(error)
    }
  }

  private func execute(
    _ call: HTTPCall, _ way: Way, _ deadline: NIODeadline
  ) async throws(HTTPFailure) -> HTTPAnswer {
    let (index, client) = try borrow(way)
    defer { giveBack(index, way) }
    do {
      return try await Self.answer(to: call, client, deadline)
    } catch {
      throw HTTPFailure(error)
    }
  }

  private static func answer(
    to call: HTTPCall, _ client: HTTPClient, _ deadline: NIODeadline
  ) async throws -> HTTPAnswer {
    var request = HTTPClientRequest(url: call.url)
    request.method = HTTPMethod(rawValue: call.method)
    for header in call.headers { request.headers.add(name: header.name, value: header.value) }
    request.headers.add(name: "user-agent", value: "pushledger")
    if !call.body.isEmpty { request.body = .bytes(ByteBuffer(bytes: call.body)) }
    let response = try await client.execute(request, deadline: deadline)
    var answer = HTTPAnswer(status: Int(response.status.code))
    answer.headers = response.headers.map { ($0.name.lowercased(), $0.value) }
    for try await part in response.body {
      answer.body.append(contentsOf: part.readableBytesView)
      guard answer.body.count <= answerBytes, NIODeadline.now() < deadline else {
        throw HTTPClientError.deadlineExceeded
      }
    }
    return answer
  }

  // MARK: Clients

  private func borrow(_ way: Way) throws(HTTPFailure) -> (Int, HTTPClient) {
    var unused: [Client] = []
    let borrowed = state.withLock { state -> Result<(Int, HTTPClient), HTTPFailure> in
      guard !state.isClosed else { return .failure(.shuttingDown) }
      if way.pin != nil, state.ways[way] == nil {
        guard let cleared = Self.makeRoom(&state) else {
          return .failure(HTTPFailure(reason: "connection_full", mayHaveArrived: false))
        }
        unused = cleared
      }
      var clients = state.ways[way] ?? Clients()
      guard let best = choose(&clients.all, way) else { return .failure(.shuttingDown) }
      clients.all[best].inFlight += 1
      state.uses += 1
      clients.lastUse = state.uses
      state.ways[way] = clients
      return .success((best, clients.all[best].http))
    }
    if !unused.isEmpty {
      Task { [unused] in
        for client in unused { try? await client.http.shutdown() }
      }
    }
    return try borrowed.get()
  }

  /// Drops the pinned host that was not used for longest, where there are too many.
  ///
  /// - Returns: Clients to shut down; nil where all are in use.
  private static func makeRoom(_ state: inout State) -> [Client]? {
    let pinned = state.ways.filter { $0.key.pin != nil }
    guard pinned.count >= maxPinnedHosts else { return [] }
    let oldest = pinned.filter(\.value.areIdle).min { $0.value.lastUse < $1.value.lastUse }
    return oldest.flatMap { state.ways.removeValue(forKey: $0.key)?.all }
  }

  /// The first client that is not full; a further one where all are; else the least busy.
  private func choose(_ clients: inout [Client], _ way: Way) -> Int? {
    if let free = clients.firstIndex(where: { $0.inFlight < Self.streamsPerClient }) {
      return free
    }
    if clients.count < clientsPerWay, let client = makeClient(way) {
      clients.append(Client(http: client))
      return clients.count - 1
    }
    return clients.indices.min { clients[$0].inFlight < clients[$1].inFlight }
  }

  private func giveBack(_ index: Int, _ way: Way) {
    state.withLock { $0.ways[way]?.all[index].inFlight -= 1 }
  }

  private func makeClient(_ way: Way) -> HTTPClient? {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let pem = way.trust.pem {
      guard let roots = try? NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)) else { return nil }
      tls.trustRoots = .certificates(roots)
    }
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.redirectConfiguration = .disallow
    if let pin = way.pin, pin.host != pin.address {
      configuration.dnsOverride = [pin.host: pin.address]
    }
    configuration.timeout.connect = .init(connectTimeout)
    configuration.timeout.read = .seconds(15)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      Self.http1Connections
    configuration.connectionPool.idleTimeout = .minutes(5)
    return HTTPClient(
      eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
  }

  func shutdown() async {
    let clients = state.withLock { state in
      defer { state = State(isClosed: true) }
      return state.ways.values.flatMap { $0.all.map(\.http) }
    }
    for client in clients { try? await client.shutdown() }
  }
}
