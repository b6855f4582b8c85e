import PushCore

/// The number on an app's icon over time, as a step line: the template `user-badges` draws it, with
/// places across in per cent of the width and places down in pixels.
struct BadgeChart: Sendable {
  struct Level: Sendable {
    let from: Double
    let to: Double
    let y: Double
    let label: String
  }

  struct Jump: Sendable {
    let x: Double
    let top: Double
    let bottom: Double
  }

  struct Mark: Sendable {
    let x: Double
    let y: Double
    let at: String
    let mark: String
  }

  /// Charts of a page, and of one the height with what is written above and below it.
  static let limit = 8
  static let tall = 84
  private static let top = 14.0
  private static let base = 66.0

  let device: PageID
  let last: String
  let alt: String
  let levels: [Level]
  let jumps: [Jump]
  let marks: [Mark]
  let most: Double
  let zero: Double
  let tall: Int

  /// A chart for each device, those with the newest number first.
  ///
  /// - Parameters:
  ///   - moments: Oldest first.
  ///   - end: Where the line ends: now, or then.
  static func charts(_ moments: [UserFacts.BadgeMoment], until end: Timestamp) -> [BadgeChart] {
    var places: [DeviceID: Int] = [:]
    var lines: [[UserFacts.BadgeMoment]] = []
    for moment in moments.reversed() {
      let device = DeviceID(unchecked: moment.device)
      if let place = places[device] {
        lines[place].append(moment)
      } else {
        places[device] = lines.count
        lines.append([moment])
      }
    }
    return lines.prefix(limit).compactMap { BadgeChart(Array($0.reversed()), until: end) }
  }

  /// Nil where there is nothing to draw.
  private init?(_ moments: [UserFacts.BadgeMoment], until end: Timestamp) {
    guard let first = moments.first, let last = moments.last else { return nil }
    let start = first.at
    let span = max(1, Double(max(end, last.at).microseconds - start.microseconds))
    let most = max(1, moments.map(\.badge).max() ?? 1)
    func x(_ time: Timestamp) -> Double {
      Self.rounded(Double(time.microseconds - start.microseconds) / span * 100)
    }
    func y(_ badge: Int64) -> Double {
      Self.rounded(Self.base - (Self.base - Self.top) * Double(max(0, badge)) / Double(most))
    }
    var levels: [Level] = []
    var jumps: [Jump] = []
    var index = 0
    while index < moments.count {
      let moment = moments[index]
      var next = index + 1
      while next < moments.count, moments[next].badge == moment.badge { next += 1 }
      let to = next < moments.count ? x(moments[next].at) : 100
      levels.append(
        Level(
          from: x(moment.at), to: to, y: y(moment.badge),
          label: "\(moment.badge.grouped) from \(PageTime(moment.at).text)"))
      if next < moments.count {
        let (one, other) = (y(moment.badge), y(moments[next].badge))
        jumps.append(Jump(x: to, top: min(one, other), bottom: max(one, other)))
      }
      index = next
    }
    self.levels = levels
    self.jumps = jumps
    device = PageID(id: last.device)
    self.last = last.badge.grouped
    self.most = Self.top
    zero = Self.base
    tall = Self.tall
    marks = [
      Mark(x: 0, y: Self.top - 4, at: "start", mark: most.grouped),
      Mark(x: 0, y: Double(Self.tall) - 4, at: "start", mark: PageTime(start).text),
      Mark(x: 100, y: Double(Self.tall) - 4, at: "end", mark: PageTime(max(end, last.at)).text),
    ]
    alt =
      "Badge from \(PageTime(start).text) to \(PageTime(max(end, last.at)).text), in "
      + "\(levels.count.grouped) steps: \(first.badge.grouped) at first, at most "
      + "\((moments.map(\.badge).max() ?? 0).grouped), \(last.badge.grouped) at last."
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
