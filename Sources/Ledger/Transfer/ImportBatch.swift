import PushCore

/// Some lines of an event file, read and checked.
struct ImportBatch: Sendable {
  /// Events of a batch at most; one commit each.
  static let eventLimit = 2_000
  static let byteLimit = 4 * 1_048_576

  struct Line: Sendable {
    var number: Int
    var event: NewEvent
    /// Where it stood in the ledger that it was exported from.
    var place: ExportedPlace?
    /// The line as it stood, where it may have to be written aside.
    var text: [UInt8]?
  }

  var lines: [Line] = []
  var bytes = 0
  /// Invalid lines, to be written aside once the batch is stored.
  var skipped: [[UInt8]] = []
  /// Where the reader stood after it.
  var lastLine = 0
  var fileBytes: Int64 = 0

  var isFull: Bool { lines.count >= Self.eventLimit || bytes >= Self.byteLimit }

  mutating func add(_ line: Line) {
    bytes += line.event.data.count + (line.event.content?.count ?? 0) + (line.text?.count ?? 0)
    lines.append(line)
  }
}

/// Reads batches off an event file, on an executor of its own, while others are being stored.
actor BatchReader {
  private var reader: LineReader
  private let keepsInvalid: Bool
  private var isAtEnd = false

  /// - Parameter keepsInvalid: Whether invalid lines are put into the batch's `skipped` instead of
  ///   ending the import.
  init(_ file: FileDescriptor, keepsInvalid: Bool) {
    reader = LineReader(file)
    self.keepsInvalid = keepsInvalid
  }

  /// The next batch; nil after the last.
  func next() throws(TransferError) -> ImportBatch? {
    guard !isAtEnd else { return nil }
    var batch = ImportBatch()
    while !batch.isFull, batch.skipped.count < ImportBatch.eventLimit {
      if Task.isCancelled { throw .cancelled }
      let number = reader.number + 1
      let isLine = try reader.next { [keepsInvalid] text throws(TransferError) in
        try Self.read(text, number: number, keepsInvalid: keepsInvalid, into: &batch)
      }
      if !isLine {
        isAtEnd = true
        break
      }
    }
    batch.lastLine = reader.number
    batch.fileBytes = reader.fileBytes
    return batch
  }

  private static func read(
    _ text: UnsafeBufferPointer<UInt8>, number: Int, keepsInvalid: Bool,
    into batch: inout ImportBatch
  ) throws(TransferError) {
    if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
    do {
      let (event, place) = try event(text)
      batch.add(
        ImportBatch.Line(
          number: number, event: event, place: place, text: keepsInvalid ? Array(text) : nil))
    } catch {
      guard keepsInvalid else { throw .invalidLine(number: number, error) }
      batch.skipped.append(Array(text))
    }
  }

  private static func event(
    _ text: UnsafeBufferPointer<UInt8>
  ) throws(FieldError) -> (NewEvent, ExportedPlace?) {
    let json: JSON
    do {
      json = try JSON.parse(buffer: text)
    } catch {
      throw FieldError(.malformed, "", "is no JSON: \(error.description).")
    }
    let place = ExportedPlace(json)
    return (try EventDoor.event(from: json, origin: place == nil ? .caller : .ledger), place)
  }
}
