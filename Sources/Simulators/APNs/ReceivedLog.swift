import NIOCore
import PushCore
import Synchronization

/// What arrived, as far back as is to be remembered.
final class ReceivedLog: Sendable {
  typealias ReceivedPush = APNsSimulator.ReceivedPush

  /// A push to be remembered.
  struct Entry {
    var token: String
    var topic: String
    var id: PushID
    var collapseID: String?
    var badge: Int64?
    var expiration: Int64?
    var body: ByteBuffer
    var receivedAt: Timestamp
    var status: Int
    var reason: String?
    var isAnswered: Bool
    var connection: Int
  }

  private struct State {
    var chunks: [PushChunk] = [PushChunk()]
    var counts = APNsSimulator.ReceivedCounts(received: 0, accepted: 0, refused: [:], dropped: 0)
    /// A ring: the payload of sequence n stands at (n - 1) % capacity.
    var payloads: [[UInt8]] = []
    var reasons: [String] = []
    var reasonNumbers: [String: UInt16] = [:]
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
    var isFinished = false
    /// How often the log was cleared.
    var clearings = 0

    var dropped: Int { counts.dropped }
  }

  static let pageLimit = 10_000
  /// Reasons told apart; what a fault invents beyond them counts as `other`.
  private static let reasonLimit = 256

  private let state = Mutex(State())
  private let chunkLimit: Int
  private let payloadLimit: Int

  init(rememberedPushes: Int, rememberedPayloads: Int) {
    chunkLimit = max(1, (rememberedPushes + PushChunk.capacity - 1) / PushChunk.capacity)
    payloadLimit = max(0, rememberedPayloads)
  }

  func append(_ entry: Entry) {
    state.withLock { state in
      if state.chunks[state.chunks.count - 1].isFull {
        if state.chunks.count == chunkLimit {
          state.chunks.removeFirst()
          state.counts.dropped += PushChunk.capacity
        }
        state.chunks.append(PushChunk())
      }
      let compact = Self.compact(entry, &state)
      state.chunks[state.chunks.count - 1].append(
        compact, token: entry.token, topic: entry.topic, collapseID: entry.collapseID)
      Self.count(entry, &state.counts)
      keepPayload(of: entry, &state)
    }
  }

  private static func compact(_ entry: Entry, _ state: inout State) -> CompactPush {
    var push = CompactPush(
      receivedAt: entry.receivedAt, id: entry.id, expiration: entry.expiration ?? 0,
      badge: entry.badge ?? 0, textAt: 0, connection: UInt32(truncatingIfNeeded: entry.connection),
      status: UInt16(clamping: entry.status), reason: 0, tokenBytes: 0, topicBytes: 0,
      collapseIDBytes: 0, flags: 0)
    if entry.isAnswered { push.flags |= CompactPush.Flag.answered }
    if entry.badge != nil { push.flags |= CompactPush.Flag.badge }
    if entry.expiration != nil { push.flags |= CompactPush.Flag.expiration }
    if let reason = entry.reason {
      push.flags |= CompactPush.Flag.reason
      push.reason = number(of: reason, &state)
    }
    return push
  }

  private static func number(of reason: String, _ state: inout State) -> UInt16 {
    if let known = state.reasonNumbers[reason] { return known }
    if state.reasons.count >= reasonLimit { return number(of: state.reasons[0], &state) }
    if state.reasons.isEmpty { state.reasons.append("other") }
    let number = UInt16(state.reasons.count)
    state.reasons.append(reason)
    state.reasonNumbers[reason] = number
    return number
  }

  private static func count(_ entry: Entry, _ counts: inout APNsSimulator.ReceivedCounts) {
    counts.received += 1
    if counts.firstAt == nil { counts.firstAt = entry.receivedAt }
    counts.lastAt = entry.receivedAt
    if entry.status == 200 {
      counts.accepted += 1
    } else {
      let reason = entry.reason ?? "lost"
      let isKnown = counts.refused[reason] != nil || counts.refused.count < reasonLimit
      counts.refused[isKnown ? reason : "other", default: 0] += 1
    }
  }

  private func keepPayload(of entry: Entry, _ state: inout State) {
    guard payloadLimit > 0 else { return }
    let payload = Array(entry.body.readableBytesView.prefix(PushKind.maxVoIPPayloadBytes))
    let place = (state.counts.received - 1) % payloadLimit
    if place < state.payloads.count {
      state.payloads[place] = payload
    } else {
      state.payloads.append(payload)
    }
  }

  func clear() {
    state.withLock { state in
      state.chunks = [PushChunk()]
      state.payloads = []
      state.counts = APNsSimulator.ReceivedCounts(
        received: 0, accepted: 0, refused: [:], dropped: 0)
      state.clearings += 1
    }
    announce()
  }
}

// MARK: - Reading

extension ReceivedLog {
  /// Where a reader is. Sequences start again at 1 when the log is cleared.
  struct Cursor {
    var after: Int
    fileprivate(set) var clearings = 0
  }

  private struct Excerpt {
    var first: Int
    var runs: [PushRun]
    var payloads: [Int: [UInt8]]
    var reasons: [String]
  }

  var counts: APNsSimulator.ReceivedCounts { state.withLock { $0.counts } }

  func page(after: Int, limit: Int) -> APNsSimulator.ReceivedPage {
    let after = max(after, 0)
    let (excerpt, dropped) = state.withLock {
      (self.take(after: after, limit: limit, $0), $0.dropped)
    }
    let pushes = Self.pushes(of: excerpt)
    return APNsSimulator.ReceivedPage(
      pushes: pushes, next: pushes.last?.sequence ?? max(after, dropped),
      dropped: max(0, dropped - after))
  }

  /// The pushes after the cursor, which moves behind them.
  func read(_ cursor: inout Cursor, limit: Int) -> [ReceivedPush] {
    let (excerpt, clearings) = state.withLock { state in
      if cursor.clearings != state.clearings { cursor.after = 0 }
      return (self.take(after: cursor.after, limit: limit, state), state.clearings)
    }
    let pushes = Self.pushes(of: excerpt)
    cursor.clearings = clearings
    cursor.after = pushes.last?.sequence ?? max(cursor.after, excerpt.first - 1)
    return pushes
  }

  /// A cursor of this clearing.
  func cursor(after: Int) -> Cursor {
    Cursor(after: after, clearings: state.withLock { $0.clearings })
  }

  private func take(after: Int, limit: Int, _ state: State) -> Excerpt {
    let first = max(after, state.dropped) + 1
    let end = min(state.counts.received + 1, first + min(max(limit, 0), Self.pageLimit))
    var excerpt = Excerpt(first: first, runs: [], payloads: [:], reasons: state.reasons)
    var next = first
    while next < end {
      let index = next - 1 - state.dropped
      let place = index % PushChunk.capacity
      let count = min(PushChunk.capacity - place, end - next)
      excerpt.runs.append(state.chunks[index / PushChunk.capacity].run(place..<place + count))
      next += count
    }
    let firstPayload = max(first, state.counts.received - state.payloads.count + 1)
    for sequence in firstPayload..<max(firstPayload, end) {
      excerpt.payloads[sequence] = state.payloads[(sequence - 1) % payloadLimit]
    }
    return excerpt
  }

  private static func pushes(of excerpt: Excerpt) -> [ReceivedPush] {
    var pushes: [ReceivedPush] = []
    pushes.reserveCapacity(excerpt.runs.reduce(0) { $0 + $1.pushes.count })
    for run in excerpt.runs {
      for push in run.pushes {
        let texts = run.texts(of: push)
        let sequence = excerpt.first + pushes.count
        pushes.append(
          ReceivedPush(
            sequence: sequence, token: texts.token, topic: texts.topic, apnsID: push.id.text,
            collapseID: texts.collapseID,
            badge: push.has(CompactPush.Flag.badge) ? push.badge : nil,
            payload: excerpt.payloads[sequence],
            expiration: push.has(CompactPush.Flag.expiration) ? push.expiration : nil,
            receivedAt: push.receivedAt, status: Int(push.status),
            reason: push.has(CompactPush.Flag.reason) ? excerpt.reasons[Int(push.reason)] : nil,
            isAnswered: push.has(CompactPush.Flag.answered), connection: Int(push.connection)))
      }
    }
    return pushes
  }

  /// Sorts what is remembered when asked, rather than count at every push.
  func duplicates(limit: Int) -> [APNsSimulator.Duplicate] {
    let (chunks, dropped) = state.withLock { ($0.chunks, $0.dropped) }
    var accepted: [(id: PushID, sequence: Int)] = []
    for (number, chunk) in chunks.enumerated() {
      for (index, push) in chunk.pushes.enumerated() where push.status == 200 {
        accepted.append((push.id, dropped + number * PushChunk.capacity + index + 1))
      }
    }
    accepted.sort {
      ($0.id.high, $0.id.low, $0.sequence) < ($1.id.high, $1.id.low, $1.sequence)
    }
    var repeats: [[Int]] = []
    var start = 0
    while start < accepted.count {
      let id = accepted[start].id
      let end = accepted[start...].firstIndex { $0.id != id } ?? accepted.count
      if end - start > 1 { repeats.append(accepted[start..<end].map(\.sequence)) }
      start = end
    }
    repeats.sort { $0[0] < $1[0] }
    return repeats.prefix(max(0, limit)).map { sequences in
      let index = sequences[0] - 1 - dropped
      let place = index % PushChunk.capacity
      let run = chunks[index / PushChunk.capacity].run(place..<place + 1)
      return APNsSimulator.Duplicate(
        apnsID: run.pushes[0].id.text, token: run.texts(of: run.pushes[0]).token,
        sequences: sequences)
    }
  }
}

// MARK: - Waiting

extension ReceivedLog {
  /// Wakes who waits for more. Called once for all that arrived together.
  func announce() {
    let waiters = state.withLock { state in
      let waiters = state.waiters
      if !waiters.isEmpty { state.waiters = [:] }
      return waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }

  func finish() {
    state.withLock { $0.isFinished = true }
    announce()
  }

  var isFinished: Bool { state.withLock { $0.isFinished } }

  /// Returns when there is a push after the cursor, at the end, or when the task is cancelled.
  func waitForPush(after cursor: Cursor) async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.counts.received > cursor.after || state.clearings != cursor.clearings
            || state.isFinished || Task.isCancelled
          {
            return true
          }
          state.waiters[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}
