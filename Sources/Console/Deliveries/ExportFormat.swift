import PushCore

/// How deliveries are written to a file: one a line, with the names of the view's columns.
enum ExportFormat: String, CaseIterable, Sendable {
  /// RFC 4180, with a line of names.
  case csv
  /// A JSON object a line, with every column; null where there is nothing.
  case ndjson

  var word: String { rawValue.uppercased() }

  var type: String {
    switch self {
    case .csv: "text/csv; charset=utf-8"
    case .ndjson: "application/x-ndjson"
    }
  }

  /// What stands before the first one.
  var head: [UInt8]? {
    switch self {
    case .csv: Array((ListedDelivery.columns.map(\.name).joined(separator: ",") + "\r\n").utf8)
    case .ndjson: nil
    }
  }

  /// - Parameter values: In the order of ``ListedDelivery/columns``.
  func add(_ values: [ListedDelivery.Value], to bytes: inout [UInt8]) {
    switch self {
    case .csv:
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.addCell(value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "\r"))
    case .ndjson:
      let members = zip(ListedDelivery.columns, values).map { column, value in
        JSON.Member(column.name, Self.json(value))
      }
      bytes += JSON.object(members).serialized()
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  private static func json(_ value: ListedDelivery.Value) -> JSON {
    switch value {
    case .null: .null
    case .text(let text): .string(text)
    case .integer(let number): .integer(number)
    case .time(let time): .string(time.description)
    }
  }

  private static func addCell(_ value: ListedDelivery.Value, to bytes: inout [UInt8]) {
    switch value {
    case .null: break
    case .text(let text): addText(text, to: &bytes)
    case .integer(let number): bytes += String(number).utf8
    case .time(let time): bytes += time.description.utf8
    }
  }

  /// A text that a table program would take for a formula gets an apostrophe in front, which shows
  /// it as text. Then what ends a cell or a line is quoted.
  private static func addText(_ text: String, to bytes: inout [UInt8]) {
    var cell = Array(text.utf8)
    if let first = cell.first, formulas.contains(first) { cell.insert(UInt8(ascii: "'"), at: 0) }
    guard cell.contains(where: { quoted.contains($0) }) else {
      bytes += cell
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in cell {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static let formulas = Array("=+-@\t\r\n".utf8)
  private static let quoted = Array("\",\r\n".utf8)
}
