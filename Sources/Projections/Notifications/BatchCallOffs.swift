import PushCore

/// The call-offs of a batch, to look up what they do to deliveries of the same batch: such a row is
/// stored as it ends, in place of being stored and then changed.
struct BatchCallOffs {
  struct CallOff {
    var reason: CancellationReason
    var position: Position
    var at: Timestamp
  }

  private struct Reader: Hashable {
    var user: UserID
    var conversation: ConversationKey
  }

  /// Each in the order of the ledger.
  private var devices: [DeviceKey: [CallOff]] = [:]
  private var reads: [Reader: [(callOff: CallOff, upTo: Position)]] = [:]
  private var messages: [Position: [CallOff]] = [:]

  init(_ cancellations: [Cancellation]) {
    for cancellation in cancellations {
      let callOff = CallOff(
        reason: cancellation.reason, position: cancellation.position,
        at: cancellation.recordedAt)
      switch cancellation.scope {
      case .device(let user, let device):
        devices[DeviceKey(user: user, device: device), default: []].append(callOff)
      case .read(let user, let conversation, let upTo):
        reads[Reader(user: user, conversation: conversation), default: []]
          .append((callOff, upTo))
      case .message(_, let position): messages[position, default: []].append(callOff)
      case .erased(let positions):
        for position in positions { messages[position, default: []].append(callOff) }
      }
    }
  }

  /// The first that calls a delivery off; nil where none does.
  ///
  /// - Parameters:
  ///   - position: The message's.
  ///   - conversation: The message's; nil where it was not kept.
  func first(
    of user: UserID, _ device: DeviceID, in conversation: ConversationKey?, at position: Position
  ) -> CallOff? {
    var found: [CallOff] = []
    if let device = devices[DeviceKey(user: user, device: device)]?
      .first(where: { $0.position > position })
    {
      found.append(device)
    }
    if let conversation,
      let read = reads[Reader(user: user, conversation: conversation)]?
        .first(where: { $0.callOff.position > position && $0.upTo >= position })
    {
      found.append(read.callOff)
    }
    if let recall = messages[position]?.first { found.append(recall) }
    return found.min { $0.position < $1.position }
  }
}
