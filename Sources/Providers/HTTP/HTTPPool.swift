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
  /// Of an answer whose status alone counts, so much is read: its connection serves again.
  static let unreadBytes = 65_536
  private static let http1Connections = 64

  static let maxPinnedHosts = 256

  private struct Client {
    let id: Int
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
    /// Those that serve no further call and are shut down once theirs are over, by id.
    var retired: [Int: Client] = [:]
    var uses = 0
    var isClosed = false
  }

  private let clientsPerWay: Int
  private let pinnedHosts: Int
  private let connectTimeout: Duration
  private let eventLoopGroup: any EventLoopGroup
  private let hosts: HostBook
  private let state = Mutex(State())

  /// - Parameters:
  ///   - pinnedHosts: Hosts named by others that clients are kept for.
  ///   - hosts: Looks those up.
  init(
    connections: Int, pinnedHosts: Int = maxPinnedHosts, connectTimeout: Duration,
    eventLoopGroup: any EventLoopGroup, hosts: HostBook
  ) {
    clientsPerWay = connections
    self.pinnedHosts = pinnedHosts
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
    let client = try borrow(way)
    defer { giveBack(client, way) }
    do {
      return try await Self.answer(to: call, client.http, deadline)
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
    let limit = call.needsBody ? answerBytes : unreadBytes
    for try await part in response.body {
      answer.body.append(contentsOf: part.readableBytesView)
      // An answer that trickles is late, too.
      guard NIODeadline.now() < deadline else { throw HTTPClientError.deadlineExceeded }
      guard answer.body.count > limit else { continue }
      guard !call.needsBody else { throw HTTPClientError.deadlineExceeded }
      break
    }
    return answer
  }

  // MARK: Clients

  private func borrow(_ way: Way) throws(HTTPFailure) -> Client {
    var unused: [Client] = []
    let borrowed = state.withLock { state -> Client? in
      guard !state.isClosed else { return nil }
      if way.pin != nil, state.ways[way] == nil { unused = makeRoom(&state) }
      state.uses += 1
      var clients = state.ways[way] ?? Clients()
      guard let best = choose(&clients.all, way, id: state.uses) else { return nil }
      clients.all[best].inFlight += 1
      clients.lastUse = state.uses
      state.ways[way] = clients
      return clients.all[best]
    }
    Self.shutDown(unused)
    guard let borrowed else { throw .shuttingDown }
    return borrowed
  }

  /// Drops the pinned host that was not used for longest, where there are too many: if it can be,
  /// one without calls. So hosts that hang keep no others from being called.
  ///
  /// - Returns: Clients to shut down.
  private func makeRoom(_ state: inout State) -> [Client] {
    let pinned = state.ways.filter { $0.key.pin != nil }
    guard pinned.count >= pinnedHosts else { return [] }
    let idle = pinned.filter(\.value.areIdle)
    let oldest = (idle.isEmpty ? pinned : idle).min { $0.value.lastUse < $1.value.lastUse }
    let clients = oldest.flatMap { state.ways.removeValue(forKey: $0.key)?.all } ?? []
    for client in clients where client.inFlight > 0 { state.retired[client.id] = client }
    return clients.filter { $0.inFlight == 0 }
  }

  /// The first client that is not full; a further one where all are; else the least busy.
  private func choose(_ clients: inout [Client], _ way: Way, id: Int) -> Int? {
    if let free = clients.firstIndex(where: { $0.inFlight < Self.streamsPerClient }) {
      return free
    }
    if clients.count < clientsPerWay, let client = makeClient(way) {
      clients.append(Client(id: id, http: client))
      return clients.count - 1
    }
    return clients.indices.min { clients[$0].inFlight < clients[$1].inFlight }
  }

  private func giveBack(_ client: Client, _ way: Way) {
    let unused = state.withLock { state -> [Client] in
      if let index = state.ways[way]?.all.firstIndex(where: { $0.id == client.id }) {
        state.ways[way]?.all[index].inFlight -= 1
        return []
      }
      state.retired[client.id]?.inFlight -= 1
      guard state.retired[client.id]?.inFlight == 0 else { return [] }
      return state.retired.removeValue(forKey: client.id).map { [$0] } ?? []
    }
    Self.shutDown(unused)
  }

  private static func shutDown(_ clients: [Client]) {
    guard !clients.isEmpty else { return }
    Task {
      for client in clients { try? await client.http.shutdown() }
    }
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
      return state.ways.values.flatMap(\.all) + state.retired.values
    }
    for client in clients { try? await client.http.shutdown() }
  }
}
