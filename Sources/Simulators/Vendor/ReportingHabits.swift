import PushCore

/// How a vendor reports what became of pushes.
public struct ReportingHabits: Sendable, Equatable {
  /// From the push to the call.
  public var delay = Duration.zero
  /// Whether every call comes twice.
  public var comesTwice = false
  /// So many reports at least are gathered for one call; those gathered wait until then.
  public var reportsPerCall = 1

  public init() {}
}

extension ReportingHabits {
  /// Reads what a control request asks for.
  static func read(_ body: [UInt8]) throws(FieldError) -> ReportingHabits {
    var habits = ReportingHabits()
    for fields in try ControlInput.objects(body) {
      try fields.refuse(otherThan: ["delay_milliseconds", "twice", "reports_per_call"])
      habits.delay = .milliseconds(try fields.integer("delay_milliseconds") ?? 0)
      habits.comesTwice = try fields.bool("twice") ?? false
      habits.reportsPerCall = Int(try fields.integer("reports_per_call", in: 1...10_000) ?? 1)
    }
    return habits
  }

  static let controlMeaning =
    "{delay_milliseconds?, twice?, reports_per_call?}: how receipts are sent"
  static let flushMeaning = "sends the receipts that are still being gathered"
}
