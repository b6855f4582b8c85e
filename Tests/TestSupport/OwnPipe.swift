public import Foundation

/// A pipe whose ends no other process inherits: one that did would keep it open after its end.
public struct OwnPipe {
  public let reading: FileHandle
  public let writing: FileHandle

  public init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    reading = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    writing = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
  }

  /// Writes as fast as the reader takes it, then closes; a reader that is gone ends it.
  public func feed(_ bytes: [UInt8]) throws {
    try reading.close()
    signal(SIGPIPE, SIG_IGN)
    let writing = self.writing
    Thread.detachNewThread {
      try? writing.write(contentsOf: Data(bytes))
      try? writing.close()
    }
  }
}
