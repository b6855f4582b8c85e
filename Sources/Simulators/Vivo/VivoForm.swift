import PushCore

/// A message as it came, where it keeps to the rules.
struct VivoForm {
  enum Classification: Int64 {
    case operation
    case system
  }

  private static let titleUnits = 40
  private static let contentUnits = 100
  private static let secondsToLive: ClosedRange<Int64> = 60...86_400
  private static let skipUnits = 1_024
  private static let customUnits = 1_024
  private static let callbackUnits = 128
  private static let parameterUnits = 64

  private static let systemCategories: Set<String> = [
    "IM", "ACCOUNT", "TODO", "DEVICE_REMINDER", "ORDER", "SUBSCRIPTION",
  ]
  private static let operationCategories: Set<String> = [
    "NEWS", "CONTENT", "MARKETING", "SOCIAL",
  ]

  var body: JSON
  var classification: Classification

  init(_ body: JSON) throws(VivoRefusal) {
    self.body = body
    guard let classification = Classification(rawValue: body["classification"]?.integer ?? 0)
    else { throw .classification }
    self.classification = classification
    try checkTexts()
    try checkNumbers()
    try checkCategory()
    try checkCustom()
    try checkExtra()
  }

  private func checkTexts() throws(VivoRefusal) {
    guard let title = body["title"]?.string, !title.isEmpty else { throw .titleMissing }
    guard title.utf16.count <= Self.titleUnits else { throw .titleTooLong }
    guard let content = body["content"]?.string, !content.isEmpty else { throw .contentMissing }
    guard content.utf16.count <= Self.contentUnits else { throw .contentTooLong }
  }

  private func checkNumbers() throws(VivoRefusal) {
    guard let notifyType = body["notifyType"]?.integer, 1...4 ~= notifyType else {
      throw .notifyType
    }
    if let life = body["timeToLive"] {
      guard let seconds = life.integer, Self.secondsToLive.contains(seconds) else {
        throw .timeToLive
      }
    }
    guard let skip = body["skipType"]?.integer, 1...4 ~= skip,
      (body["skipContent"]?.string ?? "").utf16.count <= Self.skipUnits
    else { throw .skip }
    let optional: [(String, ClosedRange<Int64>)] = [
      ("pushMode", 0...1), ("notifyId", 0...Int64(Int32.max)),
    ]
    for (name, range) in optional {
      guard let value = body[name] else { continue }
      guard let number = value.integer, range.contains(number) else { throw .number }
    }
  }

  private func checkCategory() throws(VivoRefusal) {
    guard let category = body["category"]?.string else { return }
    let isSystem = Self.systemCategories.contains(category)
    guard isSystem || Self.operationCategories.contains(category) else { throw .category }
    guard isSystem == (classification == .system) else { throw .categoryOfOther }
  }

  private func checkCustom() throws(VivoRefusal) {
    guard let custom = body["clientCustomMap"] else { return }
    guard let members = custom.members else { throw .custom }
    var units = 0
    for member in members {
      guard let value = member.value.string else { throw .custom }
      units += member.key.utf16.count + value.utf16.count
    }
    guard units <= Self.customUnits else { throw .custom }
  }

  private func checkExtra() throws(VivoRefusal) {
    guard let extra = body["extra"] else { return }
    guard extra.members != nil, (callback ?? "").utf16.count <= Self.callbackUnits,
      (parameter ?? "").utf16.count <= Self.parameterUnits
    else { throw .extra }
  }

  var isTest: Bool { body["pushMode"]?.integer == 1 }
  var callback: String? { body["extra"]?["callback"]?.string }
  var parameter: String? { body["extra"]?["callback.param"]?.string }

  /// What the control endpoint shows of it.
  var note: JSON {
    let notifyID = body["notifyId"]
    return .object(present: [
      ("delivery_id", (parameter ?? notifyID?.integer.map { String($0) }).map { .string($0) }),
      ("title", body["title"]), ("text", body["content"]),
      ("ext", body["clientCustomMap"]?["ext"]), ("notify_type", body["notifyType"]),
      ("notify_id", notifyID), ("classification", body["classification"]),
      ("category", body["category"]), ("time_to_live", body["timeToLive"]),
    ])
  }
}
