/// An instant: microseconds since 1970-01-01T00:00:00Z, what PostgreSQL's `timestamptz` can hold.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  public static func + (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(microseconds: left.microseconds &+ right.wholeMicroseconds)
  }

  public static func - (left: Timestamp, right: Duration) -> Timestamp {
    Timestamp(microseconds: left.microseconds &- right.wholeMicroseconds)
  }

  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    .microseconds(left.microseconds - right.microseconds)
  }

  /// Whole seconds since 1970, rounded down.
  public var seconds: Int64 {
    microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
  }

  /// The years that an event's times may lie in.
  public static let years = 1970...9999
  /// The same in seconds since 1970, up to and without the year 10000.
  static let seconds: Range<Int64> = 0..<253_402_300_800
}

extension Duration {
  /// The duration in microseconds, cut off below.
  public var wholeMicroseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
  }
}

// MARK: - ISO 8601

extension Timestamp {
  /// `2004-11-15T12:18:00.025Z`: UTC, with as many of three or six decimals as are needed.
  public var description: String {
    var days = seconds / 86_400
    var rest = Int(seconds % 86_400)
    if rest < 0 {
      rest += 86_400
      days -= 1
    }
    let fraction = Int(microseconds - seconds * 1_000_000)
    let date = CivilDate(daysSince1970: days)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(27)
    func put(_ value: Int, _ width: Int) {
      var divisor = 1
      for _ in 1..<width { divisor *= 10 }
      while divisor > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        divisor /= 10
      }
    }
    put(date.year, 4)
    bytes.append(UInt8(ascii: "-"))
    put(date.month, 2)
    bytes.append(UInt8(ascii: "-"))
    put(date.day, 2)
    bytes.append(UInt8(ascii: "T"))
    put(rest / 3600, 2)
    bytes.append(UInt8(ascii: ":"))
    put(rest / 60 % 60, 2)
    bytes.append(UInt8(ascii: ":"))
    put(rest % 60, 2)
    if fraction != 0 {
      bytes.append(UInt8(ascii: "."))
      if fraction % 1000 == 0 { put(fraction / 1000, 3) } else { put(fraction, 6) }
    }
    bytes.append(UInt8(ascii: "Z"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads RFC 3339: date, `T` or a space, time, up to nine decimals, and `Z` or `±hh:mm`.
  ///
  /// Decimals after the sixth are cut off. Nil when the text is anything else.
  public init?(iso8601 text: String) {
    var reader = DigitReader(text)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2),
      reader.take("-"), let day = reader.number(2), reader.take("T", or: " ") || reader.take("t"),
      let hour = reader.number(2), reader.take(":"), let minute = reader.number(2),
      reader.take(":"), let second = reader.number(2)
    else { return nil }
    guard Self.years.contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60,
      day >= 1, day <= CivilDate.days(of: month, in: year)
    else { return nil }
    var fraction = 0
    if reader.take(".") {
      guard let read = reader.fraction() else { return nil }
      fraction = read
    }
    var shift = 0
    if !reader.take("Z", or: "z") {
      let sign = reader.take("+") ? 1 : reader.take("-") ? -1 : 0
      guard sign != 0, let hours = reader.number(2), reader.take(":"),
        let minutes = reader.number(2), hours < 24, minutes < 60
      else { return nil }
      shift = sign * (hours * 3600 + minutes * 60)
    }
    guard reader.atEnd else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSince1970
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - shift)
    // A shift may lead out of the years: such a time could be written, and not be read again.
    guard Self.seconds.contains(seconds) else { return nil }
    self.microseconds = seconds * 1_000_000 + Int64(fraction)
  }
}

/// A day of the Gregorian calendar.
struct CivilDate {
  var year: Int
  var month: Int
  var day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Counts in eras of 400 years that start in March, so that the leap day comes last.
  init(daysSince1970 days: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = Int(shifted - era * 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int64 {
    let fromMarch = month <= 2 ? year - 1 : year
    let era = (fromMarch >= 0 ? fromMarch : fromMarch - 399) / 400
    let yearOfEra = fromMarch - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era) * 146_097 + Int64(dayOfEra) - 719_468
  }

  static func days(of month: Int, in year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    default: 31
    }
  }
}

/// Reads fixed-width numbers and single characters from the front of a text.
private struct DigitReader {
  private var bytes: Substring.UTF8View

  init(_ text: String) { bytes = Substring(text).utf8 }

  var atEnd: Bool { bytes.isEmpty }

  mutating func take(_ wanted: Unicode.Scalar, or other: Unicode.Scalar? = nil) -> Bool {
    guard let first = bytes.first,
      first == UInt8(ascii: wanted) || other.map({ first == UInt8(ascii: $0) }) == true
    else { return false }
    bytes.removeFirst()
    return true
  }

  mutating func number(_ width: Int) -> Int? {
    var value = 0
    for _ in 0..<width {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  mutating func fraction() -> Int? {
    var value = 0
    var count = 0
    while let digit = digit() {
      if count < 6 { value = value * 10 + digit }
      count += 1
    }
    guard (1...9).contains(count) else { return nil }
    for _ in min(count, 6)..<6 { value *= 10 }
    return value
  }

  private mutating func digit() -> Int? {
    guard let first = bytes.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else {
      return nil
    }
    bytes.removeFirst()
    return Int(first - UInt8(ascii: "0"))
  }
}
