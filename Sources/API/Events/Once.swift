import Synchronization

/// Something that happens once, whoever comes first.
final class Once: Sendable {
  private let happened = Atomic(false)

  /// True for the first caller only.
  func happens() -> Bool { !happened.exchange(true, ordering: .relaxed) }
}
