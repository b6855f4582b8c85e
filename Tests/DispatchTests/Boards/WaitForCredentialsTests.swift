import PushCore
import Testing

@testable import PushDispatch

@Suite struct WaitForCredentials {
  private func waiting(
    _ world: World, _ dispatcher: World.MemberID
  ) -> [DispatchLack: Int] {
    Dictionary(
      uniqueKeysWithValues: (world.board(dispatcher)?.status.waiting ?? []).map {
        ($0.kind.why, $0.deliveries)
      })
  }

  @Test(
    "G8: what has no credential waits, is counted with what it lacks, and goes once it is there")
  func waits() {
    let (world, dispatcher) = World.small()
    world.database.credentials = []
    world.run(for: .seconds(6))
    let ids = (0..<20).map { world.push(to: "user-\($0)") }
    world.run(for: .seconds(40))
    #expect(waiting(world, dispatcher) == [.credential: 20])
    #expect(world.ledger.left.isEmpty && ids.allSatisfy(world.isDue))
    #expect(world.board(dispatcher)?.apps.isEmpty == true, "it takes no lane for nothing")

    world.database.credentials = [TestCredential.loaded(of: World.app)]
    #expect(
      world.run(atMost: .seconds(8)) { world in
        ids.allSatisfy { world.outcomes(of: $0) == [.accepted] }
      })
    world.run(for: .seconds(31))
    #expect(waiting(world, dispatcher) == [:])
    #expect(world.ledger.broken == [])
  }

  @Test("what waits is counted only once credentials were loaded")
  func loadsFirst() {
    var board = Board(
      dispatcher: "d", configuration: DispatcherConfiguration(), routes: Routes(providers: []))
    func plans(_ at: Timestamp) -> (loads: Bool, counts: Bool) {
      let commands = board.plan(at: at)
      return (
        commands.contains { if case .loadCredentials = $0 { true } else { false } },
        commands.contains { if case .count = $0 { true } else { false } }
      )
    }
    #expect(plans(World.start) == (true, false))
    #expect(plans(World.start + .seconds(1)).counts == false)
    board.handle(.credentials(CredentialBook()), at: World.start + .seconds(1))
    #expect(plans(World.start + .seconds(1)).counts)
  }

  @Test("counts apart what lacks a topic, an environment or a credential that works")
  func countsApart() {
    let (world, dispatcher) = World.small()
    world.database.credentials = [
      TestCredential.loaded(
        of: World.app, topics: [World.topic, "t.two"], environment: .production)
    ]
    world.run(for: .seconds(6))
    world.register("topic", topic: "t.other")
    world.register("nameless", topic: nil)
    world.register("sandbox", environment: .sandbox)
    world.register("refused", topic: "t.two")
    for user in ["topic", "nameless", "nameless", "sandbox"] { world.push(to: user) }
    let fine = world.push(to: "fine")
    world.run(for: .seconds(35))
    #expect(world.outcomes(of: fine) == [.accepted])
    #expect(waiting(world, dispatcher) == [.topic: 1, .topicNamed: 2, .environment: 1])

    world.respond = { _, _ in
      World.Answer(result: AttemptResult(.retry, status: 403, blame: .credential), after: .zero)
    }
    world.push(to: "refused")
    world.run(for: .seconds(31))
    #expect(waiting(world, dispatcher)[.credentialCircuit] == 1)
  }

  @Test("G9: what waited for its credential goes in order, before what came later")
  func keepsTheOrder() {
    let (world, _) = World.small()
    world.register("ann", topic: "t.other")
    let old = (0..<30).map { _ in world.push(to: "ann") }
    world.database.credentials = [TestCredential.loaded(of: World.app, topics: [World.topic])]
    world.run(for: .seconds(10))
    #expect(old.allSatisfy { world.outcomes(of: $0).count <= 1 })
    world.database.credentials.append(
      TestCredential.loaded("other", of: World.app, topics: ["t.other"]))
    let new = (0..<30).map { _ in world.push(to: "ann") }
    world.run(for: .seconds(20))
    #expect((old + new).allSatisfy { world.outcomes(of: $0) == [.accepted] })
    let positions = world.ledger.left.map(\.position)
    #expect(positions == positions.sorted() && world.ledger.broken == [])
  }

  @Test("a credential that can't be read is named, with what is wrong with it")
  func namesTheRefused() throws {
    let (world, dispatcher) = World.small()
    world.database.credentials = [TestCredential.loaded(of: World.app, secret: .success("no key"))]
    world.run(for: .seconds(6))
    world.push(to: "ann")
    world.run(for: .seconds(31))
    let refused = try #require(world.board(dispatcher)?.status.refusedCredentials.first)
    #expect(refused.credentialID == "main" && refused.error.field == "secret")
    #expect(waiting(world, dispatcher) == [.usableCredential: 1])
    #expect(!"\(refused)".contains("no key"), "G13")
  }
}
