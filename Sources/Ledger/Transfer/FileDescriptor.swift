#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file, closed with the object.
final class FileDescriptor: Sendable {
  let path: String
  private let number: Int32
  private let isOwned: Bool

  private init(path: String, number: Int32, isOwned: Bool) {
    self.path = path
    self.number = number
    self.isOwned = isOwned
  }

  deinit { if isOwned { close(number) } }

  static func reading(_ path: String) throws(TransferError) -> FileDescriptor {
    if path == EventFile.standardStream {
      return FileDescriptor(path: "standard input", number: STDIN_FILENO, isOwned: false)
    }
    return try opened(path, O_RDONLY | O_CLOEXEC)
  }

  /// Creates the file, or empties the one that is there.
  static func writing(_ path: String) throws(TransferError) -> FileDescriptor {
    if path == EventFile.standardStream {
      return FileDescriptor(path: "standard output", number: STDOUT_FILENO, isOwned: false)
    }
    return try opened(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
  }

  /// Whether a path leads to this very file.
  func isSame(as path: String) -> Bool {
    var own = stat()
    var other = stat()
    return fstat(number, &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev
      && own.st_ino == other.st_ino && own.st_mode & S_IFMT == S_IFREG
  }

  enum Kind { case none, plain, other }

  /// What a path leads to.
  static func kind(of path: String) -> Kind {
    var status = stat()
    guard stat(path, &status) == 0 else { return .none }
    return status.st_mode & S_IFMT == S_IFREG ? .plain : .other
  }

  /// The path without links; as it is where that can't be told.
  static func resolved(_ path: String) -> String {
    guard let found = realpath(path, nil) else { return path }
    defer { free(found) }
    return String(cString: found)
  }

  private static func opened(_ path: String, _ flags: Int32) throws(TransferError) -> FileDescriptor
  {
    let number = open(path, flags, 0o600)
    guard number >= 0 else { throw .cannotOpen(path: path, reason: lastError()) }
    return FileDescriptor(path: path, number: number, isOwned: true)
  }

  /// Size in bytes; nil for what is no plain file.
  var size: Int64? {
    var status = stat()
    guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int64(status.st_size)
  }

  /// - Returns: Empty at the end.
  func read(atMost count: Int) throws(TransferError) -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var got = Glibc.read(number, buffer.baseAddress, count)
      while got < 0, errno == EINTR { got = Glibc.read(number, buffer.baseAddress, count) }
      failed = got < 0
      filled = max(got, 0)
    }
    guard !failed else { throw .cannotRead(path: path, reason: Self.lastError()) }
    return bytes
  }

  func write(_ bytes: [UInt8]) throws(TransferError) {
    var start = 0
    while start < bytes.count {
      let put = bytes.withUnsafeBytes { buffer in
        Glibc.write(number, buffer.baseAddress.map { $0 + start }, bytes.count - start)
      }
      if put < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path: path, reason: Self.lastError())
      }
      start += put
    }
  }

  /// Makes what was written outlast a power cut; without effect on pipes.
  func synchronize() throws(TransferError) {
    guard size != nil else { return }
    guard fsync(number) == 0 else { throw .cannotWrite(path: path, reason: Self.lastError()) }
  }

  /// Makes the names of a folder's files outlast a power cut.
  func synchronizeFolder() throws(TransferError) {
    guard fsync(number) == 0 else { throw .cannotWrite(path: path, reason: Self.lastError()) }
  }

  private static func lastError() -> String { String(cString: strerror(errno)) }
}
