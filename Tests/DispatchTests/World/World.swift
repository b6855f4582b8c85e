import PushCore
import TestSupport

import struct Foundation.UUID

@testable import PushDispatch

/// Boards, a database and a provider in a time of their own: whatever a board wants done is done
/// here, at once or late, well or not at all.
///
///     board ── command ──► call that takes time ──► database ──► input ──► board
///           └─ send ──► leaves for the phone ──► answer ──► input ──┘
///
/// A seed gives the same run in every process that has SWIFT_DETERMINISTIC_HASHING set.
final class World {
  typealias MemberID = Int

  /// One dispatcher.
  struct Member {
    let name: String
    var board: Board
    var stoppedAt: Timestamp?
  }

  /// How a provider answers; `after` nil: never.
  struct Answer {
    var result: AttemptResult
    var after: Duration?

    static func accepted(after: Duration? = .milliseconds(20)) -> Answer {
      Answer(result: AttemptResult(.accepted, status: 200), after: after)
    }
  }

  enum Event {
    case tick(MemberID)
    case tell(MemberID, BoardInput)
    /// - replyAfter: Nil where the answer is lost.
    case call(MemberID, BoardCommand, from: Timestamp, replyAfter: Duration?)
    case leave(MemberID, Ticket)
    case happen((World) -> Void)
  }

  static let start = Timestamp(microseconds: 1_800_000_000_000_000)

  var now = World.start
  var random: SeededRandom
  var configuration: DispatcherConfiguration
  var faults = Faults()
  var database = SimDatabase()
  var respond: (World, Ticket) -> Answer = { _, _ in .accepted() }
  private(set) var members: [MemberID: Member] = [:]
  /// Names of dispatchers that stopped in good order.
  private(set) var finished: Set<String> = []
  var ledger = PushLog()
  var lastPosition: Position = 0
  private(set) var steps = 0
  private var agenda = Agenda<Event>()
  private var lastMember: MemberID = 0

  init(seed: UInt64 = 1, configuration: DispatcherConfiguration = DispatcherConfiguration()) {
    random = SeededRandom(seed: seed)
    self.configuration = configuration
    self.configuration.random = SeededRandom(seed: seed ^ 0xB0A2D)
  }

  // MARK: Time

  func run(for duration: Duration) {
    let end = now + duration
    while let (at, event) = agenda.next(until: end) {
      now = at
      steps += 1
      handle(event)
    }
    now = end
  }

  /// - Returns: Whether the condition came true in that time.
  func run(atMost limit: Duration, until isTrue: (World) -> Bool) -> Bool {
    let end = now + limit
    while !isTrue(self) {
      guard let (at, event) = agenda.next(until: end) else {
        now = end
        return isTrue(self)
      }
      now = at
      steps += 1
      handle(event)
    }
    return true
  }

  func after(_ duration: Duration, _ body: @escaping (World) -> Void) {
    agenda.add(.happen(body), at: now + duration)
  }

  private func handle(_ event: Event) {
    switch event {
    case .tick(let id):
      guard members[id] != nil else { return }
      agenda.add(.tick(id), at: now + configuration.tick)
      tell(id, .tick)
    case .tell(let id, let input): tell(id, input)
    case .call(let id, let command, let from, let replyAfter):
      call(id, command, from: from, replyAfter: replyAfter)
    case .leave(let id, let ticket): leave(id, ticket)
    case .happen(let body): body(self)
    }
  }

  // MARK: Dispatchers

  @discardableResult
  func startDispatcher() -> MemberID {
    lastMember += 1
    let name = "dispatcher-\(lastMember)"
    names[lastMember] = name
    members[lastMember] = Member(
      name: name,
      board: Board(
        dispatcher: name, configuration: configuration, routes: Routes(providers: [FakeAPNs()])))
    agenda.add(.tick(lastMember), at: now)
    return lastMember
  }

  /// As if the process had died.
  func kill(_ id: MemberID) { members[id] = nil }

  func stop(_ id: MemberID) {
    members[id]?.stoppedAt = now
    tell(id, .stop)
  }

  func board(_ id: MemberID) -> Board? { members[id]?.board }

  func tell(_ id: MemberID, _ input: BoardInput) {
    guard members[id] != nil else { return }
    members[id]?.board.handle(input, at: now)
    for command in members[id]?.board.plan(at: now) ?? [] { perform(command, of: id) }
    guard let member = members[id] else { return }
    ledger.inspect(member, configuration)
    if member.board.isDone {
      finished.insert(member.name)
      members[id] = nil
    }
  }

  private func perform(_ command: BoardCommand, of id: MemberID) {
    if case .send(let ticket) = command {
      agenda.add(.leave(id, ticket), at: now + faults.leaving(&random))
      return
    }
    let way = faults.latency(&random)
    let back = faults.latency(&random)
    switch faults.fate(of: command, &random) {
    case .works:
      agenda.add(.call(id, command, from: now, replyAfter: back), at: now + way)
    case .failsBefore:
      agenda.add(.tell(id, .failed(command, isRefusal: false)), at: now + way)
    case .failsAfter:
      agenda.add(.call(id, command, from: now, replyAfter: nil), at: now + way)
      agenda.add(.tell(id, .failed(command, isRefusal: false)), at: now + way + back)
    case .lingers:
      agenda.add(.tell(id, .failed(command, isRefusal: false)), at: now + way)
      agenda.add(.call(id, command, from: now, replyAfter: nil), at: now + way + back)
    case .isRefused:
      agenda.add(.tell(id, .failed(command, isRefusal: true)), at: now + way)
    }
  }

  /// What a process asked for just before it died may be done all the same.
  private func call(
    _ id: MemberID, _ command: BoardCommand, from: Timestamp, replyAfter: Duration?
  ) {
    let isAlive = members[id] != nil
    guard isAlive || random.chance(50), let name = names[id] else { return }
    let input = database.perform(
      command, by: name, lease: configuration.lease, from: from, at: now)
    if case .release(let app, _, _) = command { notify(app) }
    if let replyAfter { agenda.add(.tell(id, input), at: now + replyAfter) }
  }

  private var names: [MemberID: String] = [:]

  func notify(_ app: AppID) {
    for id in members.keys.sorted() where !random.chance(faults.lostNotifications) {
      agenda.add(.tell(id, .due([app])), at: now + faults.latency(&random))
    }
  }

  // MARK: The provider

  private func leave(_ id: MemberID, _ ticket: Ticket) {
    guard let member = members[id] else { return }
    ledger.left(ticket, member, self)
    let answer = respond(self, ticket)
    guard let delay = answer.after else { return }
    let at = now + delay
    agenda.add(.tell(id, .answered(ticket.id, answer.result, at: at)), at: at)
  }
}
