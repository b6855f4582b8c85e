import Foundation
import PushCore

extension Timestamp {
  static var wallClock: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }

  var milliseconds: Int64 { microseconds / 1_000 }
}
