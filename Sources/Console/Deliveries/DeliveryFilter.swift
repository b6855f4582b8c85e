import Ledger
import Postgres
import PushCore

/// Which deliveries are listed. It stands in the page's address, which therefore is the saved list.
struct DeliveryFilter: Sendable, Equatable {
  /// A status, or one word for several.
  enum Status: String, CaseIterable, Sendable {
    case due, accepted, rejected
    case tokenInvalid = "token_invalid"
    case expired, cancelled, suppressed
    /// Rejected, or the token was.
    case refused
    /// Everything that became due.
    case pushed

    /// The stored statuses that it stands for.
    var statuses: [String] {
      switch self {
      case .refused: ["rejected", "token_invalid"]
      case .pushed: ["due", "accepted", "rejected", "token_invalid", "expired", "cancelled"]
      default: [rawValue]
      }
    }

    var word: String { Self.word(rawValue) }

    /// The stored name in words.
    static func word(_ status: String) -> String { status.replacing("_", with: " ") }
  }

  /// Without a start the list begins this long before its end.
  static let usualSpan = Duration.seconds(24 * 3_600)

  /// Inclusive, by when the message was committed.
  var from: Timestamp
  /// Exclusive; nil: until now.
  var until: Timestamp?
  /// Whether the start was asked for, or follows the clock.
  var isFromGiven = false
  var provider: ProviderName?
  var status: Status?
  var reason: String?
  var version: String?
  var group: GroupID?
  var user: UserID?
  var platform: DevicePlatform?

  /// Everything of the last day, in whole hours of the statistics.
  init(at now: Timestamp) { from = OverviewSpan.day.start(at: now) }

  /// - Throws: ``Refusal/address(_:)``
  init(_ fields: AddressFields, at now: Timestamp) throws(Refusal) {
    self.init(at: now)
    until = try Self.time(fields, "until")
    if let start = try Self.time(fields, "from") {
      from = start
      isFromGiven = true
    } else if let until {
      from = until - Self.usualSpan
    }
    if let until, from >= until {
      throw Refusal.address(
        "The parameter from (\(from)) is not before the parameter until (\(until)).")
    }
    provider = try fields.choice("provider", ProviderName.self)
    status = try fields.choice("status", Status.self)
    platform = try fields.choice("platform", DevicePlatform.self)
    reason = try fields.text("reason", maxBytes: Limits.reasonBytes)
    version = try fields.text("version", maxBytes: Limits.idBytes)
    group = try fields.text("group", maxBytes: Limits.idBytes).map(GroupID.init(unchecked:))
    user = try fields.text("user", maxBytes: Limits.idBytes).map(UserID.init(unchecked:))
  }

  /// Whether the hourly statistics know what it asks for.
  var isCounted: Bool { user == nil && group == nil }

  /// Whether it asks for something that the hourly statistics tell apart.
  var isTellingHours: Bool {
    provider != nil || status != nil || reason != nil || version != nil || platform != nil
  }

  /// An address under the console with this filter.
  ///
  /// - Parameters:
  ///   - isFixed: With the start as it is, though it follows the clock: for what goes on a list.
  func path(
    _ page: String = "/deliveries", isFixed: Bool = false, before: DeliveryCursor? = nil
  ) -> String {
    PagePath.make(
      page,
      [
        "from": isFromGiven || isFixed ? from.description : nil, "until": until?.description,
        "provider": provider?.rawValue, "status": status?.rawValue, "reason": reason,
        "version": version, "group": group?.rawValue, "user": user?.rawValue,
        "platform": platform?.rawValue, "before": before?.text,
      ])
  }

  /// RFC 3339, or in UTC as a browser's field writes it.
  private static func time(
    _ fields: AddressFields, _ name: String
  ) throws(Refusal) -> Timestamp? {
    guard let text = try fields.text(name, maxBytes: 64) else { return nil }
    // A sign that a form would have written as %2B.
    let written = text.contains("T") ? text.replacing(" ", with: "+") : text
    for end in ["", "Z", ":00Z"] {
      if let time = Timestamp(iso8601: written + end) { return time }
    }
    throw Refusal.address(
      "The parameter \(name) is no time: write it like 2026-11-27T18:30 in UTC, or like "
        + "2026-11-27T18:30:00Z.")
  }
}

/// Conditions with the values that they need.
struct SQLConditions {
  var values: PostgresParameters
  private(set) var text = ""

  /// - Parameter values: What the statement uses already.
  init(after values: PostgresParameters) { self.values = values }

  mutating func add(_ value: some PostgresValue, _ condition: (String) -> String) {
    values.add(value)
    text += " and " + condition("$\(values.count)")
  }

  mutating func add(_ array: [String], _ condition: (String) -> String) {
    values.add(array: array)
    text += " and " + condition("$\(values.count)")
  }
}

extension DeliveryFilter {
  /// What the statistics and the deliveries both have, over the columns of one of them.
  func addKinds(to conditions: inout SQLConditions, _ alias: String) {
    if let provider { conditions.add(provider.rawValue) { "\(alias).provider = \($0)" } }
    if let platform { conditions.add(platform.rawValue) { "\(alias).platform = \($0)" } }
    if let version { conditions.add(version) { "\(alias).app_version = \($0)" } }
    if let reason { conditions.add(reason) { "\(alias).reason = \($0)" } }
    if let status { conditions.add(status.statuses) { "\(alias).status = any(\($0))" } }
  }

  /// The refused and the expired are few, and have an index of their own.
  var isOfFailed: Bool {
    status.map { Set($0.statuses).isSubset(of: ["rejected", "token_invalid", "expired"]) } ?? false
  }
}
