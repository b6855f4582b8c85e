import CZlib

/// Inflates gzip bytes as they come: one member or several, one after the other.
struct GzipInflater: ~Copyable {
  enum Failure: Error { case corrupt(String) }

  private let stream: UnsafeMutablePointer<z_stream>
  /// True before the first byte and after the last of a member: the file may end there.
  private(set) var isBetweenMembers = true

  /// Nil where memory is short.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard pushledger_gzip_inflate_init(stream) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates `input` and hands out what comes, ``EventFile/chunkBytes`` at most at a time.
  mutating func inflate(
    _ input: [UInt8], _ take: (UnsafeBufferPointer<UInt8>) throws(TransferError) -> Void
  ) throws(TransferError) -> Failure? {
    var output = [UInt8](repeating: 0, count: EventFile.chunkBytes)
    var used = 0
    while used < input.count {
      let (code, consumed, produced) = step(input, from: used, into: &output)
      used += consumed
      if produced > 0 {
        try output.withUnsafeBufferPointer { buffer throws(TransferError) in
          try take(UnsafeBufferPointer(rebasing: buffer[..<produced]))
        }
      }
      switch code {
      case Z_OK, Z_BUF_ERROR: isBetweenMembers = false
      case Z_STREAM_END:
        isBetweenMembers = true
        inflateReset(stream)
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)"
        return .corrupt(reason)
      }
      if code == Z_BUF_ERROR, consumed == 0, produced == 0 { break }
    }
    return nil
  }

  private func step(
    _ input: [UInt8], from start: Int, into output: inout [UInt8]
  ) -> (code: Int32, consumed: Int, produced: Int) {
    let available = input.count - start
    let capacity = output.count
    return input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress.map { $0 + start })
        stream.pointee.avail_in = uInt(available)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = uInt(capacity)
        let code = CZlib.inflate(stream, Z_NO_FLUSH)
        return (
          code, available - Int(stream.pointee.avail_in), capacity - Int(stream.pointee.avail_out)
        )
      }
    }
  }
}
