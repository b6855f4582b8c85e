import Foundation
import PushCore

/// A line of an archive: an event in the form of an export, `data` and `content` byte for byte as
/// they are stored. Where content was erased its `content_sha256` stands in for it, and content that
/// holds line ends is a text, `content_text`.
enum ArchiveLine {
  static func write(_ event: StoredEvent, of app: AppID, into line: inout [UInt8]) {
    func put(_ text: String) { line.append(contentsOf: text.utf8) }
    put("{\"app\":\"\(app)\",\"position\":\(event.position),\"event_id\":\"")
    put(event.id.uuidString.lowercased())
    put("\",\"type\":\"")
    line.append(contentsOf: event.type)
    put("\",\"schema\":\(event.schema),\"stream\":")
    line += JSON.string(String(decoding: event.stream, as: UTF8.self)).serialized()
    put(
      ",\"occurred_at\":\"\(event.occurredAt)\",\"recorded_at\":\"\(event.recordedAt)\",\"data\":")
    line.append(contentsOf: event.data)
    if let content = event.content {
      if content.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
        put(",\"content_text\":")
        line += JSON.string(String(decoding: content, as: UTF8.self)).serialized()
      } else {
        put(",\"content\":")
        line.append(contentsOf: content)
      }
    } else if let hash = event.contentSHA256 {
      put(",\"content_sha256\":\"\(Hex.encode(hash))\"")
    }
    put("}\n")
  }

  /// - Returns: Nil where the line is no such event. Its digest is computed, not read.
  static func event(_ text: UnsafeBufferPointer<UInt8>, of app: AppID) -> StoredEvent? {
    guard let members = RawMembers.read(text) else { return nil }
    func json(_ key: String) -> JSON? {
      members[key].flatMap { try? JSON.parse(Array(text[$0])) }
    }
    guard json("app")?.string == app.rawValue, let position = json("position")?.integer,
      let id = json("event_id")?.string.flatMap(UUID.init(uuidString:)),
      let type = json("type")?.string, let schema = json("schema")?.integer,
      let stream = json("stream")?.string,
      let occurredAt = json("occurred_at")?.string.flatMap(Timestamp.init(iso8601:)),
      let recordedAt = json("recorded_at")?.string.flatMap(Timestamp.init(iso8601:)),
      let data = members["data"].map({ Array(text[$0]) })
    else { return nil }
    let content =
      members["content"].map { Array(text[$0]) }
      ?? json("content_text")?.string.map { Array($0.utf8) }
    let hash =
      content.map { EventDigest.sha256($0) }
      ?? json("content_sha256")?.string.flatMap { Hex.decode($0) }
    var event = StoredEvent(
      position: position, id: id, type: Array(type.utf8), schema: Int16(clamping: schema),
      stream: Array(stream.utf8), occurredAt: occurredAt, recordedAt: recordedAt, data: data,
      content: content, contentSHA256: hash, digest: [])
    event.digest = EventDigest.digest(of: event, contentSHA256: hash)
    return event
  }

  static func write(_ commit: StoredCommit, into line: inout [UInt8]) {
    line.append(
      contentsOf: JSON.object([
        .init("commit", .integer(commit.number)), .init("first_position", .integer(commit.first)),
        .init("last_position", .integer(commit.last)),
        .init("recorded_at", JSON(commit.recordedAt)),
        .init("chain", .string(Hex.encode(commit.chain))),
      ]).serialized())
    line.append(UInt8(ascii: "\n"))
  }

  static func commit(_ text: UnsafeBufferPointer<UInt8>) -> StoredCommit? {
    guard let json = try? JSON.parse(buffer: text), let number = json["commit"]?.integer,
      let first = json["first_position"]?.integer, let last = json["last_position"]?.integer,
      let recordedAt = json["recorded_at"]?.string.flatMap(Timestamp.init(iso8601:)),
      let chain = json["chain"]?.string.flatMap({ Hex.decode($0) })
    else { return nil }
    return StoredCommit(
      number: number, first: first, last: last, recordedAt: recordedAt, chain: chain)
  }
}

/// Where the members' values of a JSON object stand in its text: to take them byte for byte.
enum RawMembers {
  /// - Returns: Nil where the text is no object; what is within the values is not looked at.
  static func read(_ text: UnsafeBufferPointer<UInt8>) -> [String: Range<Int>]? {
    var members: [String: Range<Int>] = [:]
    var place = 0
    func skipSpace() {
      while place < text.count, [0x20, 0x09, 0x0D, 0x0A].contains(text[place]) { place += 1 }
    }
    func take(_ byte: UInt8) -> Bool {
      skipSpace()
      guard place < text.count, text[place] == byte else { return false }
      place += 1
      return true
    }
    guard take(UInt8(ascii: "{")) else { return nil }
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      guard let key = value(text, from: place),
        let name = try? JSON.parse(Array(text[place..<key])).string, take(afterKey: key)
      else { return nil }
      guard let end = value(text, from: place) else { return nil }
      members[name] = place..<end
      place = end
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? members : nil

    func take(afterKey end: Int) -> Bool {
      place = end
      guard take(UInt8(ascii: ":")) else { return false }
      skipSpace()
      return true
    }
  }

  /// Where the value ends that begins at a place.
  private static func value(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var place = start
    var depth = 0
    var isInString = false
    while place < text.count {
      let byte = text[place]
      if isInString {
        if byte == UInt8(ascii: "\\") {
          place += 1
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
          if depth == 0 { return place + 1 }
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          if depth == 0 { return place > start ? place : nil }
          depth -= 1
          if depth == 0 { return place + 1 }
        case UInt8(ascii: ","), UInt8(ascii: ":"):
          if depth == 0 { return place > start ? place : nil }
        default: break
        }
      }
      place += 1
    }
    return nil
  }
}
