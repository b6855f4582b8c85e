import PushCore

import struct Foundation.UUID

@testable import PushDispatch

/// All pushes that left, and every promise that one of them broke.
struct PushLog {
  struct Left {
    var app: AppID
    var delivery: UUID
    var device: DeviceKey
    var position: Position
    var attempt: Int
    var credential: String
    var dispatcher: String
    var at: Timestamp
  }

  struct Turn: Hashable {
    var device: SimDatabase.DeviceName
    var lane: HeldLaneID
  }

  private(set) var left: [Left] = []
  private(set) var broken: [String] = []
  /// Indices in ``left``, oldest first.
  private(set) var byDelivery: [UUID: [Int]] = [:]
  private var turns: [Turn: Position] = [:]
  private(set) var mostInFlight = 0
  /// A push may leave so long after its call-off: it was handed out before.
  var callOffSlack = Duration.seconds(60)

  mutating func breaks(_ promise: String) {
    if broken.count < 10 { broken.append(promise) }
  }

  /// Checks a push at the moment that it leaves.
  mutating func left(_ ticket: Ticket, _ member: World.Member, _ world: World) {
    let delivery = ticket.delivery
    let id = delivery.key.delivery
    let attempt = delivery.request.attempt
    let database = world.database
    let what =
      "\(delivery.device.user) #\(delivery.key.position) attempt \(attempt) by \(member.name)"

    let earlier = (byDelivery[id] ?? []).map { left[$0] }
    if earlier.contains(where: { $0.attempt >= attempt }) { breaks("G11: \(what) left twice") }
    for before in earlier {
      let event = database.attempts[
        DeliveryID.attemptEvent(delivery: id, attempt: Int64(before.attempt))]
      if event == nil || event?.outcome.isFinal == true {
        breaks(
          "G11: \(what) left while \(before.attempt) was \(String(describing: event?.outcome))")
      }
    }
    let recorded = database.numbers[id] ?? []
    if recorded != Set(1..<attempt) {
      breaks("G10: \(what) left after the attempts \(recorded.sorted())")
    }

    checkOrder(ticket, member, database, what)

    let lane = database.lanes[.init(app: delivery.app, lane: ticket.lane.lane)]
    if lane?.dispatcher != member.name { breaks("G9: \(what) left in a lane of another") }
    if lane?.leasedUntil.map({ $0 < world.now + world.configuration.requestDeadline }) ?? true {
      breaks("G9: \(what) left so late that its answer may outlive the lease")
    }
    if let stopped = member.stoppedAt, stopped < world.now - .milliseconds(3) {
      breaks("\(what) left after the stop")
    }
    if delivery.request.expiresAt + .milliseconds(3) < world.now {
      breaks("G8: \(what) left after its expiry")
    }
    if let off = database.calledOffAt[id], world.now > off + callOffSlack {
      breaks("\(what) left \(world.now - off) after it was called off")
    }

    byDelivery[id, default: []].append(left.count)
    left.append(
      Left(
        app: delivery.app, delivery: id, device: delivery.device,
        position: delivery.key.position,
        attempt: attempt, credential: ticket.way.id.id, dispatcher: member.name, at: world.now))
  }

  /// G9: what stands before a push in its device's line has ended, as far as its dispatcher knows,
  /// and nothing behind it has left in this turn of the lane.
  private mutating func checkOrder(
    _ ticket: Ticket, _ member: World.Member, _ database: SimDatabase, _ what: String
  ) {
    let delivery = ticket.delivery
    let position = delivery.key.position
    if let strand = member.board.strands[ticket.strand] {
      let line = strand.lines[delivery.device]?.rows ?? []
      let before = database.due[delivery.app]?.values.filter {
        $0.device == delivery.device && $0.key.position < position
      }
      for row in before ?? [] {
        let id = row.key.delivery
        if case .finished = strand.entries[id]?.stage, !line.contains(id) { continue }
        breaks("G9: \(what) left before #\(row.key.position) ended")
      }
    }
    let device = SimDatabase.DeviceName(app: delivery.app, device: delivery.device)
    let turn = Turn(device: device, lane: ticket.lane)
    if let before = turns[turn], before > position { breaks("G9: \(what) left after #\(before)") }
    turns[turn] = position
  }

  /// Checks the bounds after every step.
  mutating func inspect(_ member: World.Member, _ configuration: DispatcherConfiguration) {
    let board = member.board
    let limit = configuration.openDeliveries
    mostInFlight = max(mostInFlight, board.inFlight.count)
    if board.gates.budget.open > limit || board.inFlight.count > board.gates.budget.open {
      breaks("\(board.inFlight.count) in flight, \(board.gates.budget.open) open, of \(limit)")
    }
    var byPurse: [Int: Int] = [:]
    for ticket in board.inFlight.values { byPurse[ticket.purse, default: 0] += 1 }
    if let most = byPurse.values.max(), most > (limit + 1) / 2 {
      breaks("one credential has \(most) in flight of \(limit)")
    }
  }

  func attempts(of delivery: UUID) -> [Left] { (byDelivery[delivery] ?? []).map { left[$0] } }
}
