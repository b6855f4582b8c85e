import Postgres
import PushCore

// The tables whose rows events change: compared once everything is folded.
extension Comparison {
  mutating func compareState() async throws {
    let state = replay.fold.state
    let users = state.users.keys.sorted()
    try await compare(ComparedTables.users, users, named: \.rawValue) { id in
      state.users[id].map { [(id, $0)] } ?? []
    }
    try await compare(ComparedTables.devices, users, named: \.rawValue) { id in
      state.users[id]?.devices.map { (id, $0) } ?? []
    }
    try await compare(ComparedTables.fallbacks, users, named: \.rawValue) { id in
      (state.users[id]?.devices ?? []).flatMap { device in
        device.fallbacks.enumerated().map { index, way in
          (DeviceKey(user: id, device: device.id), Int16(index + 1), way)
        }
      }
    }
    let conversations = state.conversations.keys.map { (key: $0, name: $0.storedName) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    try await compare(ComparedTables.conversations, conversations, named: \.name) { entry in
      state.conversations[entry.key].map { [(entry.key, $0)] } ?? []
    }
    try await compare(ComparedTables.members, conversations, named: \.name) { entry in
      (state.conversations[entry.key]?.members ?? [:]).map {
        (MemberKey(conversation: entry.key, user: $0.key), $0.value)
      }
    }
  }

  /// Compares a table in pages, in the order of a text.
  ///
  /// - Parameter entries: In that order; each has its rows, none or many.
  private mutating func compare<Entry, Row>(
    _ table: ComparedTable<Row>, _ entries: [Entry], named name: (Entry) -> String,
    _ rows: (Entry) -> [Row]
  ) async throws {
    var page: [Row] = []
    var after: String?
    for (index, entry) in entries.enumerated() {
      page += rows(entry)
      guard page.count >= ProjectionDiff.rowsPerPage, index < entries.count - 1 else { continue }
      let upTo = name(entry)
      try await compare(table, page, in: .texts(after: after, upTo: upTo))
      count(table.name, page.count)
      page = []
      after = upTo
    }
    try await compare(table, page, in: .texts(after: after, upTo: nil))
    count(table.name, page.count)
  }

  mutating func compareRecalls() async throws {
    let messages = replay.fold.state.messages.values.sorted { $0.position < $1.position }
    for start in stride(from: 0, to: messages.count, by: ProjectionDiff.rowsPerPage) {
      let page = Array(messages[start..<min(start + ProjectionDiff.rowsPerPage, messages.count)])
      guard let first = page.first, let last = page.last else { continue }
      try await compare(
        ComparedTables.recalled, page,
        in: .positions(after: first.position - 1, upTo: last.position))
    }
  }

  mutating func compareDeliveries() async throws {
    guard let table = replay.deliveries else { return }
    let lanes = settings.lanes
    var after: Position = .min
    while let page = table.page(after: max(after, 0), limit: ProjectionDiff.rowsPerPage) {
      let rows = page.places.map { place in
        let delivery = table[place]
        return ComparedTables.DeliveryRow(
          delivery,
          delivery.status == .suppressed ? nil : Lane.of(delivery.user, count: lanes))
      }
      try await compare(
        ComparedTables.deliveries, rows, in: .positions(after: after, upTo: page.upTo))
      count(ComparedTables.deliveries.name, rows.count)
      after = page.upTo
      progress(report.checkpoint)
    }
    try await compare(ComparedTables.deliveries, [], in: .positions(after: after, upTo: .max))
  }
}
