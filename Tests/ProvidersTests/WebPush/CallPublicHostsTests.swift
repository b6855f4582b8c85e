import NIOCore
import NIOPosix
import PushCore
import Simulators
import Synchronization
import Testing

@testable import Providers

/// Endpoints are named by browsers: none may lead into this server's own network.
@Suite struct CallPublicHosts {
  @Test(arguments: ["localhost", "127.0.0.1", "[::1]", "127.1", "0x7f000001", "2130706433"])
  func refusesThisMachineHoweverItIsSpelled(_ host: String) async throws {
    try await WebPushRig.with(settings: [("allow_private", false)]) { rig async throws in
      let json = try #require(
        rig.simulation.subscribe(at: "https://\(host):\(rig.simulator.port)"))
      let result = await rig.send(json.text)
      #expect(result.outcome == .rejected)
      #expect(result.reason == "address_not_public")
      #expect(result.blame == .delivery)
      #expect(rig.simulator.acceptedConnections == 0)
    }
  }

  @Test(arguments: ["10.0.0.1", "169.254.169.254", "[fd00::1]", "[::ffff:10.0.0.1]"])
  func refusesPrivateNetworks(_ host: String) async throws {
    let book = HostBook(now: { Timestamp(microseconds: 0) })
    let name = try #require(WebAddress("https://\(host)/")).host
    let failure = await #expect(throws: HTTPFailure.self) {
      try await book.pin(name, deadline: .now() + .seconds(60))
    }
    #expect(failure == .addressNotPublic)
  }

  @Test func aHostThatIsNotListedIsNotCalled() async throws {
    try await WebPushRig.with(settings: [("hosts", "fcm.googleapis.com")]) { rig async throws in
      let result = await rig.send(try rig.subscribe())
      #expect(result.outcome == .rejected)
      #expect(result.reason == "host_not_allowed")
      #expect(rig.simulator.acceptedConnections == 0)
    }
  }

  // MARK: What was looked at is what is called

  /// A name server that only a test writes to.
  private final class Names: Sendable {
    private let addresses = Mutex<[String: [UInt8]]>([:])
    private let count = Mutex(0)

    var lookups: Int { count.withLock { $0 } }

    func set(_ host: String, _ address: [UInt8]?) {
      addresses.withLock { $0[host] = address }
    }

    @Sendable func resolve(_ host: String) async -> (bytes: [UInt8], text: String)? {
      count.withLock { $0 += 1 }
      return addresses.withLock { $0[host] }.map { bytes in
        (bytes, bytes.map(String.init).joined(separator: "."))
      }
    }
  }

  private static let here: [UInt8] = [127, 0, 0, 1]

  /// A pool that takes this machine's address for a public one, and no other of its network's.
  private func with(
    _ rig: WebPushRig, pinnedHosts: Int = HTTPPool.maxPinnedHosts,
    _ body: (HTTPPool, Names, ManualClock) async throws -> Void
  ) async throws {
    let names = Names()
    let clock = ManualClock()
    let pool = HTTPPool(
      connections: 1, pinnedHosts: pinnedHosts, connectTimeout: .seconds(10),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      hosts: HostBook(
        resolve: names.resolve, isPublic: { $0 == Self.here || PublicAddress.holds($0) },
        now: { clock.now }))
    do {
      try await body(pool, names, clock)
    } catch {
      await pool.shutdown()
      throw error
    }
    await pool.shutdown()
  }

  private func call(
    _ pool: HTTPPool, _ rig: WebPushRig, _ host: String = "push.test", path: String = "/fcm/nobody"
  ) async -> Result<Int, HTTPFailure> {
    var call = HTTPCall("https://\(host):\(rig.simulator.port)\(path)", body: [1])
    call.mustBePublic = true
    return await pool.execute(
      call, trust: TrustRoots(pem: rig.simulator.caCertificatePEM), deadline: .now() + .seconds(60)
    ).map(\.status)
  }

  /// No name server but the test's knows the name, so the connection went where it was told to.
  @Test func connectsToTheAddressThatItLookedAt() async throws {
    try await WebPushRig.with(names: ["push.test"]) { rig async throws in
      try await with(rig) { pool, names, _ in
        names.set("push.test", Self.here)
        for _ in 0..<3 { #expect(await call(pool, rig) == .success(404)) }
        #expect(names.lookups == 1)
        #expect(rig.simulator.acceptedConnections == 1)
      }
    }
  }

  @Test func aNameThatTurnsInwardsIsRefused() async throws {
    try await WebPushRig.with(names: ["push.test"]) { rig async throws in
      try await with(rig) { pool, names, clock in
        names.set("push.test", Self.here)
        #expect(await call(pool, rig) == .success(404))
        names.set("push.test", [10, 0, 0, 1])
        clock.advance(HostBook.usableFor)
        #expect(await call(pool, rig) == .failure(.addressNotPublic))
        clock.advance(HostBook.freshFor)
        names.set("push.test", Self.here)
        #expect(await call(pool, rig) == .success(404))
      }
    }
  }

  @Test func aNameThatIsUnknownIsAskedForAgainLater() async throws {
    try await WebPushRig.with(names: ["push.test"]) { rig async throws in
      try await with(rig) { pool, names, clock in
        let unknown = HTTPFailure(reason: "connect_name_unknown", mayHaveArrived: false)
        #expect(await call(pool, rig) == .failure(unknown))
        names.set("push.test", Self.here)
        clock.advance(HostBook.freshFor)
        #expect(await call(pool, rig) == .success(404))
      }
    }
  }

  /// An address that is somewhat old is used while it is asked for anew.
  @Test func aSlowNameServerHoldsUpNobody() async throws {
    let clock = ManualClock()
    let (asked, ask) = AsyncStream.makeStream(of: Int.self)
    let (answers, answer) = AsyncStream.makeStream(of: [UInt8].self)
    let lookups = Atomic<Int>(0)
    let book = HostBook(
      resolve: { _ in
        let number = lookups.add(1, ordering: .relaxed).newValue
        ask.yield(number)
        if number == 1 { return ([8, 8, 8, 8], "8.8.8.8") }
        for await bytes in answers { return (bytes, "8.8.4.4") }
        return nil
      }, now: { clock.now })
    let end = NIODeadline.now() + .seconds(60)
    #expect(try await book.pin("push.test", deadline: end).address == "8.8.8.8")
    clock.advance(HostBook.freshFor)
    #expect(try await book.pin("push.test", deadline: end).address == "8.8.8.8")
    for await number in asked where number == 2 { break }
    #expect(try await book.pin("push.test", deadline: end).address == "8.8.8.8")
    #expect(lookups.load(ordering: .relaxed) == 2)
    answer.yield([8, 8, 4, 4])
    while try await book.pin("push.test", deadline: end).address == "8.8.8.8" {
      await Task.yield()
    }
    #expect(try await book.pin("push.test", deadline: end).address == "8.8.4.4")
  }

  @Test func aLookupWithoutAnEndIsGivenUp() async throws {
    let (silence, line) = AsyncStream.makeStream(of: Never.self)
    let book = HostBook(
      resolve: { _ in
        for await _ in silence {}
        return nil
      }, now: { Timestamp(microseconds: 0) })
    let failure = await #expect(throws: HTTPFailure.self) {
      try await book.pin("push.test", deadline: .now())
    }
    #expect(failure == HTTPFailure(reason: "connect_timeout", mayHaveArrived: false))
    line.finish()
  }

  /// Of hosts that are not in use any more, no connections are kept.
  @Test func keepsNoMoreHostsThanItMay() async throws {
    let hosts = (0...HTTPPool.maxPinnedHosts).map { "h\($0).test" }
    try await WebPushRig.with(names: hosts) { rig async throws in
      try await with(rig) { pool, names, _ in
        for host in hosts {
          names.set(host, Self.here)
          #expect(await call(pool, rig, host) == .success(404))
        }
        #expect(rig.simulator.acceptedConnections == hosts.count)
        #expect(await call(pool, rig, hosts[1]) == .success(404))
        #expect(rig.simulator.acceptedConnections == hosts.count)
        #expect(await call(pool, rig, hosts[0]) == .success(404))
        #expect(rig.simulator.acceptedConnections == hosts.count + 1)
      }
    }
  }

  @Test func hostsThatHangKeepNoOtherFromBeingCalled() async throws {
    let hanging = (1...4).map { "h\($0).test" }
    try await WebPushRig.with(names: hanging + ["push.test"]) { rig async throws in
      try await with(rig, pinnedHosts: hanging.count) { pool, names, _ in
        for host in hanging + ["push.test"] { names.set(host, Self.here) }
        rig.simulator.inject(SimulatedFault(.silence(), path: "/fcm/hang", times: nil))
        await withTaskGroup(of: Result<Int, HTTPFailure>.self) { group in
          for host in hanging {
            group.addTask { await call(pool, rig, host, path: "/fcm/hang") }
          }
          while rig.simulator.acceptedConnections < hanging.count { await Task.yield() }
          #expect(await call(pool, rig) == .success(404))
          rig.simulator.closeConnections()
          for await hung in group { #expect((try? hung.get()) == nil) }
        }
      }
    }
  }
}
