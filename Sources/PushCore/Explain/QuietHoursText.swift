extension QuietHours: CustomStringConvertible {
  /// `22:30–07:00 Asia/Shanghai`, seconds where they are not 0.
  public var description: String { "\(Self.text(from))–\(Self.text(to)) \(timeZone)" }

  /// The time of day in their zone, as `HH:MM`: what is compared with them.
  public func clock(at instant: Timestamp) -> String {
    Self.text(TimeZones.secondOfDay(instant, in: timeZone) / 60 * 60)
  }

  /// A second of the day as `HH:MM`, with seconds where there are any.
  static func text(_ second: Int) -> String {
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    let text = two(second / 3_600) + ":" + two(second / 60 % 60)
    return second % 60 == 0 ? text : text + ":" + two(second % 60)
  }
}
