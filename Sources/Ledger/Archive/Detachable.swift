import PushCore

extension EventType {
  /// Whether events of the type may be detached once they are archived: what `ledger.is_detachable`
  /// says, too.
  var isDetachable: Bool {
    switch self {
    case .messageSent, .messageRefused, .pushAttempted, .pushDelivered, .pushOpened, .pushNotShown,
      .pushCancelled, .pushRetried:
      true
    default: false
    }
  }
}

extension StoredEvent {
  var isDetachable: Bool {
    EventType(rawValue: String(decoding: type, as: UTF8.self))?.isDetachable ?? false
  }
}
