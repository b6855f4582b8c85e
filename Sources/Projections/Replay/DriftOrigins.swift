import Foundation
import Ledger
import Postgres
import PushCore

extension Comparison {
  /// A row that stands under another position looks missing in one page, and unexpected in another.
  mutating func mendMoved() async throws {
    report.drifts = try await mended(ComparedTables.messages, mended(ComparedTables.deliveries))
  }

  private func mended<Row>(_ table: ComparedTable<Row>) async throws -> [Drift] {
    try await mended(table, report.drifts)
  }

  private func mended<Row>(
    _ table: ComparedTable<Row>, _ drifts: [Drift]
  ) async throws -> [Drift] {
    var mended: [Drift] = []
    var moved: Set<[UInt8]> = []
    for drift in drifts {
      guard drift.kind == .missing, drift.table == table.name, let key = drift.key.first,
        let id = key.value.string
      else {
        mended.append(drift)
        continue
      }
      let columns = (table.key + table.columns).map { "\($0.found) as \($0.name)" }
      let rows = try await connection.query(
        """
        select to_jsonb(f) from (
          select \(columns.joined(separator: ", ")) from \(table.name) t
          where t.app = $1 and t.\(key.key) = $2::text::\(table.key[0].sqlType) limit 1) f
        """, [app.rawValue, id])
      guard let row = rows.first else {
        mended.append(drift)
        continue
      }
      moved.insert(Array(id.utf8))
      mended += try table.drifts(
        expected: drift.expected, found: try JSON.parse(row.get(0, as: PostgresJSONB.self).bytes))
    }
    return mended.filter {
      !($0.kind == .unexpected && $0.table == table.name
        && moved.contains(Array(($0.key.first?.value.string ?? "").utf8)))
    }
  }
}

/// Finds the positions of drifts: folds the ledger again, and watches the rows that differ.
struct DriftOrigins {
  let comparison: Comparison

  /// A column of a row, or whether the row is there, as the fold has it at the moment.
  private typealias Probe = (Replay) -> String?

  func find(in drifts: inout [Drift]) async throws {
    guard !drifts.isEmpty else { return }
    let probes = drifts.map(probe)
    var replay = Comparison.replay(
      comparison.app, comparison.settings, comparison.skipped, comparison.start)
    // What was so at a snapshot already has its origin before it.
    var values = probes.map { $0.flatMap { $0(replay) } }
    while let events = try await comparison.events(after: replay.position) {
      for event in events {
        replay.apply(event)
        for (index, probe) in probes.enumerated() {
          let value: String?
          if let probe {
            value = probe(replay)
          } else {
            value = event.position == fixedPosition(drifts[index]) ? "here" : values[index]
          }
          guard value != values[index] else { continue }
          values[index] = value
          drifts[index].position = event.position
          drifts[index].type = event.event.type
        }
      }
      comparison.progress(replay.position)
    }
    for index in drifts.indices
    where drifts[index].kind == .unexpected && drifts[index].position == nil {
      drifts[index].position = fixedPosition(drifts[index])
    }
  }

  /// Some rows say themselves where they come from.
  private func fixedPosition(_ drift: Drift) -> Position? {
    let named = drift.key.first { $0.key == "position" }?.value
    return (named ?? drift.expected?["position"] ?? drift.found?["position"])?.integer
  }

  private func probe(_ drift: Drift) -> Probe? {
    let key = drift.key.map { $0.value.string ?? $0.value.text }
    switch drift.table {
    case ComparedTables.users.name:
      let user = UserID(unchecked: key[0])
      return probe(ComparedTables.users, drift) { $0.fold.state.users[user].map { (user, $0) } }
    case ComparedTables.devices.name:
      let user = UserID(unchecked: key[0])
      return probe(ComparedTables.devices, drift) { replay in
        replay.fold.state.users[user]?.devices.first {
          $0.id.rawValue.utf8.elementsEqual(key[1].utf8)
        }
        .map { (user, $0) }
      }
    case ComparedTables.fallbacks.name: return fallback(drift, key)
    case ComparedTables.conversations.name:
      guard let name = ConversationKey(storedName: key[0]) else { return { _ in nil } }
      return probe(ComparedTables.conversations, drift) {
        $0.fold.state.conversations[name].map { (name, $0) }
      }
    case ComparedTables.members.name:
      guard let name = ConversationKey(storedName: key[0]) else { return { _ in nil } }
      let member = MemberKey(conversation: name, user: UserID(unchecked: key[1]))
      return probe(ComparedTables.members, drift) {
        $0.fold.state.conversations[name]?.members[member.user].map { (member, $0) }
      }
    case ComparedTables.messages.name:
      let id = MessageID(unchecked: key[0])
      return { replay in
        guard let message = replay.fold.state.messages[id] else { return nil }
        return drift.column == "recalled_at" ? "\(message.recalledAt ?? 0)" : "here"
      }
    case ComparedTables.deliveries.name, Comparison.dueTable: return delivery(drift, key[0])
    default: return nil
    }
  }

  private func probe<Row>(
    _ table: ComparedTable<Row>, _ drift: Drift, _ row: @escaping (Replay) -> Row?
  ) -> Probe {
    let column = table.columns.first { $0.name == drift.column }
    return { replay in
      guard let row = row(replay) else { return nil }
      return column.map { "here " + ($0.show(row) ?? "null") } ?? "here"
    }
  }

  private func fallback(_ drift: Drift, _ key: [String]) -> Probe {
    let device = DeviceKey(
      user: UserID(unchecked: key[0]), device: DeviceID(unchecked: key[1]))
    return probe(ComparedTables.fallbacks, drift) { replay in
      let ways =
        replay.fold.state.users[device.user]?.devices.first { $0.id == device.device }?
        .fallbacks ?? []
      return ways.firstIndex { $0.registered.provider.rawValue == key[2] }.map {
        (device, Int16($0 + 1), ways[$0])
      }
    }
  }

  private func delivery(_ drift: Drift, _ id: String) -> Probe {
    let id = UUID(uuidString: id)
    let lanes = comparison.settings.lanes
    let isDue = drift.table == Comparison.dueTable
    return { replay in
      guard let id, let table = replay.deliveries, let place = table.place(of: id) else {
        return nil
      }
      let delivery = table[place]
      if isDue {
        guard delivery.status == .due else { return nil }
        return "due \(delivery.duePosition ?? delivery.position)"
      }
      let column = ComparedTables.deliveries.columns.first { $0.name == drift.column }
      let lane = delivery.status == .suppressed ? nil : Lane.of(delivery.user, count: lanes)
      return column.map { "here " + ($0.show((delivery, lane)) ?? "null") } ?? "here"
    }
  }
}
