internal import NIOCore
internal import NIOPosix
internal import PushCore

/// A host, and the address that was looked up for it, looked at, and is to be connected to. Asking
/// twice could give two answers.
struct PinnedHost: Hashable, Sendable {
  var host: String
  var address: String
}

/// The addresses of hosts that others named. Only public ones are given out.
///
/// ```
///  0 s ─────── 60 s ───────────── 600 s ──────
///   known       known, and looked   looked up
///               up anew beside      first
/// ```
/// One name server that is slow holds up nobody but those who ask for its own names.
actor HostBook {
  /// An address in network order, and as text; nil where the name is unknown.
  typealias Resolver = @Sendable (String) async -> (bytes: [UInt8], text: String)?

  static let freshFor = Duration.seconds(60)
  static let usableFor = Duration.seconds(600)
  private static let maxHosts = 10_000

  private typealias Answer = Result<PinnedHost, HTTPFailure>

  private struct Entry {
    var answer: Answer?
    var askedAt: Timestamp
    var lookup: Task<Answer, Never>?
  }

  private let resolve: Resolver
  private let isPublic: @Sendable ([UInt8]) -> Bool
  private let now: @Sendable () -> Timestamp
  private var entries: [String: Entry] = [:]

  init(
    resolve: @escaping Resolver = HostBook.askSystem,
    isPublic: @escaping @Sendable ([UInt8]) -> Bool = PublicAddress.holds,
    now: @escaping @Sendable () -> Timestamp
  ) {
    self.resolve = resolve
    self.isPublic = isPublic
    self.now = now
  }

  /// - Throws: `address_not_public`, `connect_name_unknown`, or `connect_timeout` where nothing is
  ///   known by `deadline`.
  func pin(_ host: String, deadline: NIODeadline) async throws(HTTPFailure) -> PinnedHost {
    let now = self.now()
    if let entry = entries[host], let answer = entry.answer {
      let age = now - entry.askedAt
      if age >= .zero, age < Self.freshFor { return try answer.get() }
      if age >= .zero, age < Self.usableFor, case .success(let known) = answer {
        _ = lookUp(host, at: now)
        return known
      }
    }
    return try await Self.wait(for: lookUp(host, at: now), until: deadline).get()
  }

  /// The name may lead elsewhere by now.
  func forget(_ host: String) {
    if entries[host]?.lookup == nil { entries[host] = nil }
  }

  private func lookUp(_ host: String, at now: Timestamp) -> Task<Answer, Never> {
    if let lookup = entries[host]?.lookup { return lookup }
    let lookup = Task {
      let answer = await self.ask(host)
      self.finish(host, answer)
      return answer
    }
    if entries.count >= Self.maxHosts { entries = entries.filter { $0.value.lookup != nil } }
    entries[host, default: Entry(askedAt: now)].lookup = lookup
    return lookup
  }

  private func ask(_ host: String) async -> Answer {
    guard let found = await resolve(host) else {
      return .failure(HTTPFailure(reason: "connect_name_unknown", mayHaveArrived: false))
    }
    guard isPublic(found.bytes) else { return .failure(.addressNotPublic) }
    return .success(PinnedHost(host: host, address: found.text))
  }

  private func finish(_ host: String, _ answer: Answer) {
    entries[host] = Entry(answer: answer, askedAt: now())
  }

  /// Nobody can break off the system's resolver: one that is late is left to itself.
  private static func wait(
    for lookup: Task<Answer, Never>, until deadline: NIODeadline
  ) async -> Answer {
    let (answers, answer) = AsyncStream.makeStream(of: Answer.self)
    Task {
      answer.yield(await lookup.value)
      answer.finish()
    }
    let timer = Task {
      try? await Task.sleep(for: Duration(max(deadline - .now(), .zero)))
      answer.finish()
    }
    defer { timer.cancel() }
    for await found in answers { return found }
    return .failure(HTTPFailure(reason: ConnectFailure.timeout, mayHaveArrived: false))
  }

  /// The first of the addresses, which the system gives in the order of their use.
  static let askSystem: Resolver = { host in
    try? await NIOThreadPool.singleton.runIfActive {
      try SocketAddress.makeAddressResolvingHost(host, port: 0).numeric
    }
  }
}

extension HTTPFailure {
  /// The host's address leads into this server's own network, or nowhere.
  static let addressNotPublic = HTTPFailure(reason: "address_not_public", mayHaveArrived: false)
}

extension SocketAddress {
  /// Nil for what is no IP address.
  fileprivate var numeric: (bytes: [UInt8], text: String)? {
    guard let text = ipAddress else { return nil }
    // sockaddr_in: family, port, address. sockaddr_in6: family, port, flow, address.
    let place = self.protocol == .inet6 ? 8..<24 : 4..<8
    return withSockAddr { socket, size in
      let bytes = UnsafeRawBufferPointer(start: socket, count: size)
      return place.upperBound <= size ? (Array(bytes[place]), text) : nil
    }
  }
}
