import Crypto
import PushCore
import Synchronization

/// What arrived, as far back as is to be remembered.
final class SimulatedPushLog: Sendable {
  private struct State {
    var chunks: [SimulatedPushChunk] = [SimulatedPushChunk()]
    var counts = SimulatedCounts()
    /// Pushes that are no longer remembered.
    var dropped = 0
    /// A ring: sequence n stands at (n - 1) % capacity.
    var contents: [(payload: [UInt8], note: JSON)] = []
    var deliveries: Set<PushID> = []
  }

  static let pageLimit = 10_000

  private let state = Mutex(State())
  private let gate = CountGate()
  private let chunkLimit: Int
  private let contentLimit: Int
  private let deliveryLimit: Int

  init(rememberedPushes: Int, rememberedPayloads: Int) {
    chunkLimit = max(
      1, (rememberedPushes + SimulatedPushChunk.capacity - 1) / SimulatedPushChunk.capacity)
    contentLimit = max(0, rememberedPayloads)
    deliveryLimit = max(0, rememberedPushes)
  }

  func append(_ push: SimulatedPush) {
    let deliveryID = push.note["delivery_id"]?.string
    let delivery = deliveryID.map { Self.name(token: push.token, deliveryID: $0) }
    state.withLock { state in
      if state.chunks[state.chunks.count - 1].isFull {
        if state.chunks.count == chunkLimit {
          state.chunks.removeFirst()
          state.dropped += SimulatedPushChunk.capacity
        }
        state.chunks.append(SimulatedPushChunk())
      }
      state.chunks[state.chunks.count - 1].append(
        push, deliveryID: deliveryID, delivery: delivery ?? PushID(high: 0, low: 0))
      count(push, delivery, &state)
      keepContent(of: push, &state)
    }
    gate.add()
  }

  /// The first 16 bytes of a SHA-256.
  private static func name(token: String, deliveryID: String) -> PushID {
    var hash = SHA256()
    hash.update(data: Array(token.utf8) + [0] + Array(deliveryID.utf8))
    return hash.finalize().withUnsafeBytes { bytes in
      PushID(
        high: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
        low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
  }

  private func count(_ push: SimulatedPush, _ delivery: PushID?, _ state: inout State) {
    state.counts.received += 1
    guard push.isAccepted else { return }
    state.counts.accepted += 1
    if let delivery {
      if state.deliveries.contains(delivery) { return }
      // Once as many are known as are to be remembered, no further one is known again.
      if state.deliveries.count < deliveryLimit { state.deliveries.insert(delivery) }
    }
    state.counts.deliveries += 1
  }

  private func keepContent(of push: SimulatedPush, _ state: inout State) {
    guard contentLimit > 0 else { return }
    let place = (state.counts.received - 1) % contentLimit
    if place < state.contents.count {
      state.contents[place] = (push.payload, push.note)
    } else {
      state.contents.append((push.payload, push.note))
    }
  }

  func clear() {
    state.withLock { $0 = State() }
    gate.reset()
  }

  func finish() { gate.finish() }

  func wait(for count: Int) async { await gate.wait(for: count) }
}

// MARK: - Reading

extension SimulatedPushLog {
  var counts: SimulatedCounts { state.withLock { $0.counts } }

  /// Pushes with a sequence above `after`, at most `limit` and at most 10,000 of them.
  func page(after: Int, limit: Int) -> [SimulatedPush] {
    state.withLock { state in
      let first = max(after, state.dropped, 0) + 1
      let end = min(state.counts.received + 1, first + min(max(limit, 0), Self.pageLimit))
      return (first..<max(first, end)).map { sequence in
        let index = sequence - 1 - state.dropped
        let isKept = sequence > state.counts.received - state.contents.count
        return state.chunks[index / SimulatedPushChunk.capacity].push(
          index % SimulatedPushChunk.capacity, sequence: sequence,
          remembered: isKept ? state.contents[(sequence - 1) % contentLimit] : nil)
      }
    }
  }

  /// The accepted repeats among what is remembered, the earliest first. Sorts when asked, rather
  /// than keep every sequence of every delivery.
  func duplicates(limit: Int) -> [SimulatedDuplicate] {
    let (chunks, dropped) = state.withLock { ($0.chunks, $0.dropped) }
    var accepted: [(delivery: PushID, sequence: Int)] = []
    for (number, chunk) in chunks.enumerated() {
      for (index, push) in chunk.pushes.enumerated() where push.isAccepted && push.hasDelivery {
        let sequence = dropped + number * SimulatedPushChunk.capacity + index + 1
        accepted.append((push.delivery, sequence))
      }
    }
    accepted.sort {
      ($0.delivery.high, $0.delivery.low, $0.sequence)
        < ($1.delivery.high, $1.delivery.low, $1.sequence)
    }
    var repeats: [[Int]] = []
    var start = 0
    while start < accepted.count {
      let delivery = accepted[start].delivery
      let end = accepted[start...].firstIndex { $0.delivery != delivery } ?? accepted.count
      if end - start > 1 { repeats.append(accepted[start..<end].map(\.sequence)) }
      start = end
    }
    repeats.sort { $0[0] < $1[0] }
    return repeats.prefix(max(0, limit)).map { sequences in
      let index = sequences[0] - 1 - dropped
      let chunk = chunks[index / SimulatedPushChunk.capacity]
      let push = chunk.pushes[index % SimulatedPushChunk.capacity]
      return SimulatedDuplicate(
        token: chunk.token(of: push), deliveryID: chunk.deliveryID(of: push),
        sequences: sequences)
    }
  }
}
