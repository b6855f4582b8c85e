/// Reads a file's lines, inflating it where its first bytes say gzip.
struct LineReader: ~Copyable {
  private static let gzipMagic: [UInt8] = [0x1F, 0x8B]

  private let file: FileDescriptor
  private var inflater: GzipInflater?
  private var isStarted = false
  private var isAtEnd = false
  /// Inflated bytes, of which those before `start` are used up.
  private var buffer: [UInt8] = []
  private var start = 0
  /// Bytes up to here hold no line end.
  private var searched = 0
  /// Of the line handed out last, from 1.
  private(set) var number = 0
  private(set) var fileBytes: Int64 = 0

  init(_ file: FileDescriptor) { self.file = file }

  /// Lends the next line, without its end; false after the last.
  mutating func next(
    _ take: (UnsafeBufferPointer<UInt8>) throws(TransferError) -> Void
  ) throws(TransferError) -> Bool {
    while true {
      if let end = lineEnd() {
        try lend(upTo: end, take)
        start = end + 1
        searched = start
        return true
      }
      if buffer.count - start > EventFile.maximumLineBytes {
        throw .lineTooLong(number: number + 1)
      }
      if isAtEnd {
        guard start < buffer.count else { return false }
        try lend(upTo: buffer.count, take)
        start = buffer.count
        searched = start
        return true
      }
      try fill()
    }
  }

  private mutating func lend(
    upTo end: Int, _ take: (UnsafeBufferPointer<UInt8>) throws(TransferError) -> Void
  ) throws(TransferError) {
    number += 1
    let range = start..<end
    guard range.count <= EventFile.maximumLineBytes else { throw .lineTooLong(number: number) }
    try buffer.withUnsafeBufferPointer { bytes throws(TransferError) in
      try take(UnsafeBufferPointer(rebasing: bytes[range]))
    }
  }

  private mutating func lineEnd() -> Int? {
    let from = max(searched, start)
    let found = buffer.withUnsafeBufferPointer { bytes in
      bytes[from...].firstIndex(of: UInt8(ascii: "\n"))
    }
    if found == nil { searched = buffer.count }
    return found
  }

  private mutating func fill() throws(TransferError) {
    buffer.removeFirst(start)
    searched -= start
    start = 0
    let size = inflater == nil ? EventFile.chunkBytes : EventFile.compressedChunkBytes
    var chunk = try file.read(atMost: isStarted ? size : EventFile.compressedChunkBytes)
    if !isStarted {
      while chunk.count < Self.gzipMagic.count {
        let more = try file.read(atMost: EventFile.compressedChunkBytes)
        if more.isEmpty { break }
        chunk += more
      }
      isStarted = true
      if chunk.starts(with: Self.gzipMagic) { inflater = try Self.inflater(file.path) }
    }
    fileBytes += Int64(chunk.count)
    isAtEnd = chunk.isEmpty
    try add(chunk)
  }

  private mutating func add(_ chunk: [UInt8]) throws(TransferError) {
    guard inflater != nil else {
      buffer += chunk
      return
    }
    if isAtEnd {
      guard inflater?.isBetweenMembers == true else { throw .truncatedGzip(path: file.path) }
      return
    }
    var inflated: [UInt8] = []
    let failure = try inflater?.inflate(chunk) { bytes throws(TransferError) in
      inflated.append(contentsOf: bytes)
    }
    if case .corrupt(let reason)? = failure { throw .corruptGzip(path: file.path, reason: reason) }
    buffer += inflated
  }

  private static func inflater(_ path: String) throws(TransferError) -> GzipInflater {
    guard let inflater = GzipInflater() else {
      throw .cannotRead(path: path, reason: "memory is short")
    }
    return inflater
  }
}
