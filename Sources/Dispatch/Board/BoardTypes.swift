import PushCore

import struct Foundation.UUID

/// A strand's number in this process; never used twice.
typealias StrandID = Int

/// What a board is told.
enum BoardInput: Sendable {
  /// Something became due, or a lane free, in these apps.
  case due(Set<AppID>)
  /// What is due was set right in these apps: something may be due before what was read.
  case mended(Set<AppID>)
  /// All that is due anywhere.
  case polled([AppID: [ProviderName]])
  case credentials(CredentialBook)
  /// Some app's credentials, or pauses, are not what they were.
  case credentialsChanged
  /// Notifications may have been missed.
  case reconnected
  /// - from: When it was asked for: the lease counts from then.
  case taken(AppID, [DispatchDatabase.TakenLane], from: Timestamp)
  case renewed([HeldLane.Name], [DispatchDatabase.RenewedLane], from: Timestamp)
  case released(AppID, [HeldLaneID])
  case listed(AppID, [ListOrder], [[ListedRow]])
  case handedOut(HandOutOrder, [LoadedDelivery])
  case answered(Ticket.ID, AttemptResult, at: Timestamp)
  case recorded(AppID, [FinishedAttempt], lost: Set<HeldLaneID>)
  case expired(AppID, [DispatchDatabase.UnrecordedDelivery])
  case counted([DispatchDatabase.DueCount])
  case announced(AppID)
  /// - isRefusal: The database won't take it, however often it is tried.
  case failed(BoardCommand, isRefusal: Bool)
  /// Only time has passed.
  case tick
  case stop
}

/// What a board wants done. Each is answered by one input.
enum BoardCommand: Sendable {
  case poll
  /// - The book that is known, so that only what changed is checked.
  case loadCredentials(CredentialBook)
  case count
  case take(AppID, [ProviderName], held: [Int16])
  case renew([HeldLane.Name])
  case release(AppID, [HeldLaneID], leaves: Bool)
  case list(AppID, [ListOrder])
  case handOut(HandOutOrder)
  case record(AppID, [FinishedAttempt])
  case findExpired(AppID, [Int16])
  case announce(AppID)
  case send(Ticket)
}

struct ListOrder: Sendable {
  var strand: StrandID
  var request: ListRequest
}

struct HandOutOrder: Sendable {
  var request: HandOutRequest
  var asked: [(strand: StrandID, deliveries: [UUID])]
}

/// One attempt on its way to a provider.
struct Ticket: Sendable {
  typealias ID = UInt64

  var id: ID
  var lane: HeldLaneID
  var strand: StrandID
  var delivery: LoadedDelivery
  var way: Route.Open
  var purse: Int
  var startedAt: Timestamp
}

/// A lane that this dispatcher holds.
struct HeldLane: Sendable {
  struct Name: Hashable, Sendable {
    var app: AppID
    var id: HeldLaneID
  }

  enum Phase: Sendable, Equatable {
    /// What its last holder may have sent is being recorded; nothing is sent before.
    case recovering(Set<UUID>)
    case active
    /// Nothing new is sent; it is given back once all is recorded.
    case leaving
  }

  let id: HeldLaneID
  var phase: Phase
  var sendUntil: Timestamp
  var strands: [ProviderName: StrandID] = [:]
  var idleSince: Timestamp?
  var isBeingReleased = false
}

/// One app's part of a board.
struct AppBoard: Sendable {
  /// Calls of which one at a time is under way for an app.
  enum Call: Hashable, Sendable { case take, list, handOut, record, release, announce, expired }

  var lanes: [Int16: HeldLane] = [:]
  /// Ended and not recorded, oldest first.
  var outbox: [FinishedAttempt] = []
  /// Attempts of one recording; less than configured after one was refused.
  var recordLimit: Int
  var wantsLanes = false
  /// Expired deliveries are to be looked for, also those that nothing can be sent through.
  var wantsExpired = false
  /// Lanes that this dispatcher may hold, as far as it knows.
  var share = Int.max
  var wantsAnnouncement = false
  var announcedAt: Timestamp?
  var underWay: Set<Call> = []
  /// When the last hand-out and the last recording began.
  var begunAt: [Call: Timestamp] = [:]
  var pauses: [Call: Pause] = [:]
  /// Which strand is asked first next time.
  var turn = 0

  struct Pause: Sendable {
    var failures = 0
    var until: Timestamp
  }

  var isIdle: Bool {
    lanes.isEmpty && outbox.isEmpty && underWay.isEmpty && !wantsLanes && !wantsAnnouncement
      && !wantsExpired
  }

  func mayCall(_ call: Call, at now: Timestamp) -> Bool {
    !underWay.contains(call) && (pauses[call].map { $0.until <= now } ?? true)
  }

  mutating func succeeded(_ call: Call) {
    underWay.remove(call)
    pauses[call] = nil
  }
}
