import PushCore

/// What is remembered of a push: fixed-size facts here, its texts in the chunk's bytes.
struct CompactSimulatedPush {
  var receivedAt: Timestamp
  /// Names token and delivery at once; equal in two pushes of the same delivery.
  var delivery: PushID
  var textAt: UInt32
  var connection: UInt32
  var tokenBytes: UInt16
  var idBytes: UInt16
  var deliveryBytes: UInt16
  var isAccepted: Bool
  var hasDelivery: Bool
}

/// A run of pushes, forgotten as one.
struct SimulatedPushChunk {
  private(set) var pushes: [CompactSimulatedPush] = []
  private var text: [UInt8] = []

  static let capacity = 4_096
  private static let textBytesExpected = 200

  init() {
    pushes.reserveCapacity(Self.capacity)
    text.reserveCapacity(Self.capacity * Self.textBytesExpected)
  }

  var isFull: Bool { pushes.count == Self.capacity }

  mutating func append(_ push: SimulatedPush, deliveryID: String?, delivery: PushID) {
    var compact = CompactSimulatedPush(
      receivedAt: push.receivedAt, delivery: delivery, textAt: UInt32(text.count),
      connection: UInt32(truncatingIfNeeded: push.connection), tokenBytes: 0, idBytes: 0,
      deliveryBytes: 0, isAccepted: push.isAccepted, hasDelivery: deliveryID != nil)
    compact.tokenBytes = append(push.token)
    compact.idBytes = append(push.id)
    compact.deliveryBytes = append(deliveryID ?? "")
    pushes.append(compact)
  }

  private mutating func append(_ field: String) -> UInt16 {
    let bytes = field.utf8.prefix(Int(UInt16.max))
    text.append(contentsOf: bytes)
    return UInt16(bytes.count)
  }

  func push(_ index: Int, sequence: Int, remembered: (payload: [UInt8], note: JSON)?)
    -> SimulatedPush
  {
    let compact = pushes[index]
    var push = SimulatedPush(
      token: token(of: compact),
      id: part(at: Int(compact.textAt) + Int(compact.tokenBytes), compact.idBytes),
      payload: remembered?.payload ?? [],
      note: remembered?.note ?? .object(present: [("delivery_id", knownDeliveryID(of: compact))]),
      isAccepted: compact.isAccepted, connection: Int(compact.connection))
    push.sequence = sequence
    push.receivedAt = compact.receivedAt
    return push
  }

  func token(of push: CompactSimulatedPush) -> String {
    part(at: Int(push.textAt), push.tokenBytes)
  }

  private func knownDeliveryID(of push: CompactSimulatedPush) -> JSON? {
    push.hasDelivery ? .string(deliveryID(of: push)) : nil
  }

  func deliveryID(of push: CompactSimulatedPush) -> String {
    part(at: Int(push.textAt) + Int(push.tokenBytes) + Int(push.idBytes), push.deliveryBytes)
  }

  private func part(at start: Int, _ length: UInt16) -> String {
    String(decoding: text[start..<start + Int(length)], as: UTF8.self)
  }
}
