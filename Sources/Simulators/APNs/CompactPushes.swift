import PushCore

/// What is remembered of a push: fixed-size facts here, its texts in the chunk's bytes.
struct CompactPush {
  var receivedAt: Timestamp
  var id: PushID
  var expiration: Int64
  var badge: Int64
  var textAt: UInt32
  var connection: UInt32
  var status: UInt16
  var reason: UInt16
  var tokenBytes: UInt8
  var topicBytes: UInt8
  var collapseIDBytes: UInt8
  var flags: UInt8

  enum Flag {
    static let answered: UInt8 = 1
    /// The token is kept as bytes, not as text.
    static let binaryToken: UInt8 = 2
    static let collapseID: UInt8 = 4
    static let badge: UInt8 = 8
    static let expiration: UInt8 = 16
    static let reason: UInt8 = 32
  }

  func has(_ flag: UInt8) -> Bool { flags & flag != 0 }
}

/// A run of pushes, forgotten as one.
struct PushChunk {
  private(set) var pushes: [CompactPush] = []
  private var text: [UInt8] = []

  static let capacity = 4_096
  private static let textBytesExpected = 84

  init() {
    pushes.reserveCapacity(Self.capacity)
    text.reserveCapacity(Self.capacity * Self.textBytesExpected)
  }

  var isFull: Bool { pushes.count == Self.capacity }

  mutating func append(_ push: CompactPush, token: String, topic: String, collapseID: String?) {
    var push = push
    push.textAt = UInt32(text.count)
    if appendBinary(token) {
      push.flags |= CompactPush.Flag.binaryToken
      push.tokenBytes = UInt8(token.utf8.count / 2)
    } else {
      push.tokenBytes = append(token)
    }
    push.topicBytes = append(topic)
    if let collapseID {
      push.flags |= CompactPush.Flag.collapseID
      push.collapseIDBytes = append(collapseID)
    }
    pushes.append(push)
  }

  private mutating func append(_ field: String) -> UInt8 {
    let bytes = field.utf8.prefix(Int(UInt8.max))
    text.append(contentsOf: bytes)
    return UInt8(bytes.count)
  }

  /// Half the room for a token of lower-case digits, as every good one is.
  private mutating func appendBinary(_ token: String) -> Bool {
    guard token.utf8.count.isMultiple(of: 2), PushChecks.tokenDigits.contains(token.utf8.count)
    else { return false }
    let start = text.count
    var high: UInt8?
    for byte in token.utf8 {
      guard let value = HexDigits.value(of: byte), HexDigits.digit(value) == byte else {
        text.removeLast(text.count - start)
        return false
      }
      if let first = high {
        text.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return true
  }

  /// A copy of some of the pushes with their texts.
  func run(_ range: Range<Int>) -> PushRun {
    guard !range.isEmpty else { return PushRun(pushes: [], text: [], textStart: 0) }
    let start = Int(pushes[range.lowerBound].textAt)
    let end = range.upperBound < pushes.count ? Int(pushes[range.upperBound].textAt) : text.count
    return PushRun(pushes: Array(pushes[range]), text: Array(text[start..<end]), textStart: start)
  }
}

/// Pushes taken out of a chunk, to be read at leisure.
struct PushRun {
  var pushes: [CompactPush]
  fileprivate var text: [UInt8]
  fileprivate var textStart: Int

  fileprivate init(pushes: [CompactPush], text: [UInt8], textStart: Int) {
    self.pushes = pushes
    self.text = text
    self.textStart = textStart
  }

  func texts(of push: CompactPush) -> (token: String, topic: String, collapseID: String?) {
    var at = Int(push.textAt) - textStart
    func next(_ length: UInt8) -> ArraySlice<UInt8> {
      defer { at += Int(length) }
      return text[at..<at + Int(length)]
    }
    let tokenBytes = next(push.tokenBytes)
    let token =
      push.has(CompactPush.Flag.binaryToken)
      ? String(
        decoding: tokenBytes.flatMap { [HexDigits.digit($0 >> 4), HexDigits.digit($0 & 15)] },
        as: UTF8.self)
      : String(decoding: tokenBytes, as: UTF8.self)
    let topic = String(decoding: next(push.topicBytes), as: UTF8.self)
    let collapseID =
      push.has(CompactPush.Flag.collapseID)
      ? String(decoding: next(push.collapseIDBytes), as: UTF8.self) : nil
    return (token, topic, collapseID)
  }
}
