import Foundation
import PushCore

/// New event ids in the order of time (UUID version 7, RFC 9562): an index takes them faster than
/// random ones.
struct OrderedIDs {
  private let milliseconds: UInt64
  private var random = SystemRandomNumberGenerator()

  init(at time: Timestamp) {
    milliseconds = UInt64(clamping: time.microseconds / 1000)
  }

  mutating func next() -> UUID {
    let high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
    let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
      UUID(uuid: $0.loadUnaligned(as: uuid_t.self))
    }
  }
}
