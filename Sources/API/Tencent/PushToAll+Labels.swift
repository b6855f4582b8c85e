import Ledger
import Projections
import PushCore

import struct Foundation.UUID

extension PushToAll {
  // MARK: Attributes

  func nameAttributes(_ call: TencentCall) async throws -> JSON {
    guard let names = call.body["AttrNames"], let members = names.members,
      1...Self.attributeNames ~= members.count,
      members.allSatisfy({ member in
        Int(member.key).map { 0..<Self.attributeNames ~= $0 && String($0) == member.key } ?? false
          && 1...Self.tagBytes ~= (member.value.string ?? "").utf8.count
      })
    else {
      throw TencentError(
        TencentError.badAttribute,
        "AttrNames must be an Object of the numbers 0 to \(Self.attributeNames - 1) and Strings of 1 "
          + "to \(Self.tagBytes) bytes.")
    }
    try await append(
      [try call.event(.attributesNamed, ["names": names], or: TencentError.badFormat)], call)
    return TencentAnswer.ok()
  }

  func attributeNames(_ call: TencentCall) async throws -> JSON {
    TencentAnswer.ok(["AttrNames": try await named(call)])
  }

  /// The names as they were last given: an Object.
  private func named(_ call: TencentCall) async throws -> JSON {
    let last = try await reading.ledger.last(.attributesNamed, of: call.app, in: .attributes)
    return last.flatMap { try? JSON.parse($0.event.data)["names"] } ?? [:]
  }

  func setAttributes(_ call: TencentCall) async throws -> JSON {
    let names = try await named(call).members?.compactMap(\.value.string) ?? []
    let known = Set(names.map { Label(unchecked: $0) })
    let events = try accounts(call, "UserAttrs") { account, entry throws(TencentError) in
      let attributes = try Self.attributes(entry["Attrs"] ?? .null)
      for member in attributes.members ?? [] where !known.contains(Label(unchecked: member.key)) {
        throw TencentError(
          TencentError.badAttribute, "An attribute's name was not set by im_set_attr_name.")
      }
      return ["user": JSON(account), "set_attributes": attributes]
    }
    try await append(events, call)
    return TencentAnswer.ok()
  }

  func removeAttributes(_ call: TencentCall) async throws -> JSON {
    let events = try accounts(call, "UserAttrs") { account, entry throws(TencentError) in
      guard let names = entry["Attrs"]?.array, 1...Self.attributeNames ~= names.count,
        names.allSatisfy({ 1...Self.tagBytes ~= ($0.string ?? "").utf8.count })
      else {
        throw TencentError(TencentError.badAttribute, "Attrs must be an Array of names.")
      }
      return ["user": JSON(account), "remove_attributes": .array(names)]
    }
    try await append(events, call)
    return TencentAnswer.ok()
  }

  func attributes(_ call: TencentCall) async throws -> JSON {
    let list = try await reports(call).map { report in
      JSON.object([
        .init("To_Account", JSON(report.user)),
        .init(
          "Attrs",
          .object(
            report.labels.attributes.sorted { $0.key < $1.key }
              .map { JSON.Member($0.key.rawValue, .string($0.value)) })),
      ])
    }
    return TencentAnswer.ok(["UserAttrs": .array(list)])
  }

  // MARK: Tags

  func addTags(_ call: TencentCall) async throws -> JSON {
    let events = try accounts(call, "UserTags") { account, entry throws(TencentError) in
      ["user": JSON(account), "add_tags": .array(try Self.tags(entry["Tags"] ?? .null))]
    }
    try await append(events, call)
    return TencentAnswer.ok()
  }

  func removeTags(_ call: TencentCall) async throws -> JSON {
    let events = try accounts(call, "UserTags") { account, entry throws(TencentError) in
      ["user": JSON(account), "remove_tags": .array(try Self.tags(entry["Tags"] ?? .null))]
    }
    try await append(events, call)
    return TencentAnswer.ok()
  }

  func clearTags(_ call: TencentCall) async throws -> JSON {
    let events = try named(in: call).map { account in
      try call.event(
        .userLabelled, ["user": JSON(account), "clear_tags": true], or: TencentError.badFormat)
    }
    try await append(events, call)
    return TencentAnswer.ok()
  }

  func tags(_ call: TencentCall) async throws -> JSON {
    let list = try await reports(call).map { report in
      JSON.object([
        .init("To_Account", JSON(report.user)),
        .init("Tags", .array(report.labels.tags.map { .string($0.rawValue) })),
      ])
    }
    return TencentAnswer.ok(["UserTags": .array(list)])
  }

  // MARK: Reading a request

  /// Events for the accounts of a list of objects.
  private func accounts(
    _ call: TencentCall, _ list: String,
    _ data: (UserID, JSON) throws(TencentError) -> JSON
  ) throws(TencentError) -> [NewEvent] {
    let items = try call.body.array(list, TencentError.badFormat) ?? []
    try Self.check(items.count, list)
    var events: [NewEvent] = []
    for item in items {
      let account = try TencentBody(json: item)
        .requiredAccount("To_Account", TencentError.badReceiver)
      events.append(
        try call.event(.userLabelled, try data(account, item), or: TencentError.badFormat))
    }
    return events
  }

  /// The accounts of `To_Account`.
  private func named(in call: TencentCall) throws(TencentError) -> [UserID] {
    let items = try call.body.array("To_Account", TencentError.badReceiver) ?? []
    try Self.check(items.count, "To_Account")
    var accounts: [UserID] = []
    for item in items {
      guard let account = item.string.flatMap(TencentBody.account) else {
        throw TencentError(
          TencentError.badReceiver, "To_Account has an entry that names no account.")
      }
      accounts.append(account)
    }
    return accounts
  }

  private static func check(_ count: Int, _ list: String) throws(TencentError) {
    guard count > 0 else {
      throw TencentError(TencentError.badReceiver, "\(list) is missing or empty.")
    }
    guard count <= accountsPerRequest else {
      throw TencentError(
        TencentError.tooManyAccounts,
        "\(list) has \(count) entries; at most \(accountsPerRequest) are taken.")
    }
  }

  /// The accounts as they are once all that is stored shows; an unknown one has no labels.
  private func reports(_ call: TencentCall) async throws -> [AccountReport] {
    let wanted = try named(in: call)
    try await reading.awaitHead(of: call.app)
    let known = try await reading.projection.accounts(wanted, in: call.app)
    return wanted.map { user in
      known[user] ?? AccountReport(user: user)
    }
  }

  private func append(_ events: [NewEvent], _ call: TencentCall) async throws {
    _ = try await appender.appendEvents(events, to: call.app)
  }
}
