import PushCore

/// The call-offs of a batch, to look up what they do to deliveries of the same batch: such a row is
/// stored as it ends, in place of being stored and then changed.
struct BatchCallOffs {
  struct CallOff {
    var reason: CancellationReason
    var position: Position
    var at: Timestamp
  }

  /// What calls off deliveries of one user, each in the order of the ledger: most of a batch's
  /// recipients have none, and are found to have none by one look.
  private struct OfUser {
    var devices: [DeviceID: [CallOff]] = [:]
    var reads: [ConversationKey: [(callOff: CallOff, upTo: Position)]] = [:]
  }

  private var users: [UserID: OfUser] = [:]
  private var messages: [Position: CallOff] = [:]

  init(_ cancellations: [Cancellation]) {
    for cancellation in cancellations {
      let callOff = CallOff(
        reason: cancellation.reason, position: cancellation.position,
        at: cancellation.recordedAt)
      switch cancellation.scope {
      case .device(let user, let device):
        users[user, default: OfUser()].devices[device, default: []].append(callOff)
      case .read(let user, let conversation, let upTo):
        users[user, default: OfUser()].reads[conversation, default: []].append((callOff, upTo))
      case .message(_, let position): add(callOff, [position])
      case .erased(let positions): add(callOff, positions)
      }
    }
  }

  private mutating func add(_ callOff: CallOff, _ positions: [Position]) {
    for position in positions where messages[position] == nil { messages[position] = callOff }
  }

  /// The first that calls a delivery off; nil where none does.
  ///
  /// - Parameters:
  ///   - position: The message's.
  ///   - conversation: The message's; nil where it was not kept.
  func first(
    of user: UserID, _ device: DeviceID, in conversation: ConversationKey?, at position: Position
  ) -> CallOff? {
    var first = messages[position]
    guard let calls = users[user] else { return first }
    func take(_ callOff: CallOff?) {
      if let callOff, callOff.position < first?.position ?? .max { first = callOff }
    }
    take(calls.devices[device]?.first { $0.position > position })
    if let conversation {
      take(
        calls.reads[conversation]?.first { $0.callOff.position > position && $0.upTo >= position }?
          .callOff)
    }
    return first
  }
}
