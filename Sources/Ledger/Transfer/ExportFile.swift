#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import PushCore

/// A file of events being written; it gets its name when it is whole. What is no plain file, such as
/// a pipe or a device, is written into as it stands.
struct ExportFile: ~Copyable {
  private static let unfinishedEnding = ".part"
  private static let gzipEnding = ".gz"

  private let path: String
  private let writtenPath: String
  private let file: FileDescriptor
  private let isRenamed: Bool
  private var deflater: GzipDeflater?
  private var isFinished = false
  /// As it lies on disk.
  private(set) var bytes: Int64 = 0

  init(_ path: String) throws(TransferError) {
    let kind = path == EventFile.standardStream ? .other : FileDescriptor.kind(of: path)
    // A link leads to the file that is meant.
    let target = kind == .plain ? FileDescriptor.resolved(path) : path
    let writtenPath = kind == .other ? path : target + Self.unfinishedEnding
    let file = try FileDescriptor.writing(writtenPath)
    self.path = target
    self.writtenPath = writtenPath
    self.file = file
    isRenamed = kind != .other
    deflater = path.hasSuffix(Self.gzipEnding) ? GzipDeflater() : nil
  }

  deinit {
    if !isFinished, isRenamed { unlink(writtenPath) }
  }

  mutating func write(_ events: [RecordedEvent]) throws(TransferError) {
    var text: [UInt8] = []
    text.reserveCapacity(EventFile.chunkBytes * 2)
    for event in events {
      text += event.exportLine()
      text.append(UInt8(ascii: "\n"))
      if text.count >= EventFile.chunkBytes {
        try write(text: text)
        text.removeAll(keepingCapacity: true)
      }
    }
    try write(text: text)
  }

  mutating func write(text: [UInt8]) throws(TransferError) {
    if path.hasSuffix(Self.gzipEnding), deflater == nil {
      throw .cannotWrite(path: path, reason: "memory is short")
    }
    try put(deflater?.deflate(text) ?? text)
  }

  mutating func finish() throws(TransferError) {
    if let rest = deflater?.finish() { try put(rest) }
    try file.synchronize()
    if isRenamed, rename(writtenPath, path) != 0 {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    isFinished = true
  }

  private mutating func put(_ chunk: [UInt8]) throws(TransferError) {
    try file.write(chunk)
    bytes += Int64(chunk.count)
  }
}
