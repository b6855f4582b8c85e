/// `MsgKey`: `<MsgSeq>_<MsgRandom>_<MsgTime>`, by which a one-to-one message is recalled.
public struct TencentMessageKey: Sendable, Equatable {
  public var sequence: Int64
  public var random: Int64
  /// Seconds since 1970.
  public var time: Int64

  public var text: String { "\(sequence)_\(random)_\(time)" }

  public init(sequence: Int64, random: Int64, time: Int64) {
    self.sequence = sequence
    self.random = random
    self.time = time
  }

  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, let sequence = Int64(parts[0]), let random = Int64(parts[1]),
      let time = Int64(parts[2]), sequence >= 0, random >= 0, time >= 0
    else { return nil }
    self.init(sequence: sequence, random: random, time: time)
  }

  /// Out of the id of the message that it was made for.
  public init?(_ message: MessageID) {
    let parts = message.rawValue.split(separator: "-")
    guard parts.count >= 3, parts[0] == "c2c" else { return nil }
    self.init(parts[1])
  }
}

extension TencentMessageKey {
  /// `Random` of a group's message, out of the id that the server API gave it; nil for any other.
  public static func groupRandom(_ message: MessageID) -> Int64? {
    let parts = message.rawValue.split(separator: "-")
    guard parts.count == 3, parts[0] == "group" else { return nil }
    return Int64(parts[1].prefix { $0 != "_" })
  }
}
