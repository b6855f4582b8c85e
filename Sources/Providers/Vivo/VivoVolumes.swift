internal import PushCore
internal import Synchronization

/// Which of a credential's volumes are used up, until when, and by which of vivo's codes.
///
/// vivo counts operation and system messages apart, and calls with many recipients once more; and
/// it lowers the volume of whoever goes on calling. To pause the whole credential would hold chat
/// back for the sake of news, and to ask again for every push would cost volume: so what is used up
/// is called no more, while all else goes on.
final class VivoVolumes: Sendable {
  enum Volume: Hashable, Sendable {
    /// Messages of one classification and category: a system message whose category vivo does not
    /// know may count as an operation one.
    case messages(classification: Int64, category: String?)
    /// Calls with many recipients.
    case lists
  }

  struct Closure: Equatable, Sendable {
    var until: Timestamp
    var code: String
  }

  private let closures = Mutex<[Volume: Closure]>([:])

  func close(_ volume: Volume, _ closure: Closure, at now: Timestamp) {
    closures.withLock { closures in
      closures = closures.filter { now < $0.value.until }
      closures[volume] = closure
    }
  }

  /// Nil while it is open.
  func closure(of volume: Volume, at now: Timestamp) -> Closure? {
    closures.withLock { closures in
      closures[volume].flatMap { now < $0.until ? $0 : nil }
    }
  }
}
