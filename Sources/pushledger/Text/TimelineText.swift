import Projections
import PushCore

/// A history's entries for people, a line each, in columns that stay where they are while it grows.
enum TimelineText {
  static let titles = line("occurred at", "position", "type", "who", "what")

  /// - Parameter showsContent: Whether what was written is printed, too; a device token never is.
  static func line(_ entry: TimelineEntry, showsContent: Bool) -> String {
    let words = entry.body.map { EventWords($0) }
    var what = [words?.what ?? "(not readable by this version)"]
    if let reach = entry.reach {
      what.append("\(reach.recipients.grouped) recipients, \(reach.pushes.grouped) pushes")
    }
    what += entry.deliveries.map(\.words)
    if showsContent, entry.recorded.event.type != .deviceRegistered,
      let content = entry.recorded.event.content
    {
      what.append(String(decoding: content, as: UTF8.self))
    }
    let owner = entry.owner.map { "\($0.user)/\($0.device)" }
    return line(
      entry.recorded.event.occurredAt.description, entry.position.grouped,
      entry.recorded.event.type.rawValue, words?.who ?? owner ?? "",
      what.filter { !$0.isEmpty }.joined(separator: "; "))
  }

  private static func line(
    _ time: String, _ position: String, _ type: String, _ who: String, _ what: String
  ) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    let place = String(repeating: " ", count: max(0, 10 - position.count)) + position
    var line =
      padded(time, 27) + " " + place + "  " + padded(type, 28) + " " + padded(who, 16) + "  " + what
    while line.last == " " { line.removeLast() }
    return line
  }
}
