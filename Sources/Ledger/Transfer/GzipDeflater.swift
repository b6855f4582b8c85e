import CZlib

/// Deflates bytes into one gzip member as they come.
struct GzipDeflater: ~Copyable {
  /// Fast, and not much larger than the best on JSON lines.
  private static let level: Int32 = 4

  private let stream: UnsafeMutablePointer<z_stream>

  /// Nil where memory is short.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard pushledger_gzip_deflate_init(stream, Self.level) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  mutating func deflate(_ input: [UInt8]) -> [UInt8] { run(input, Z_NO_FLUSH) }

  /// The rest, with the member's end. Nothing may follow.
  mutating func finish() -> [UInt8] { run([], Z_FINISH) }

  private func run(_ input: [UInt8], _ flush: Int32) -> [UInt8] {
    var output: [UInt8] = []
    input.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = uInt(input.count)
      repeat {
        let capacity = EventFile.chunkBytes
        output += [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
          stream.pointee.next_out = buffer.baseAddress
          stream.pointee.avail_out = uInt(capacity)
          _ = CZlib.deflate(stream, flush)
          filled = capacity - Int(stream.pointee.avail_out)
        }
      } while stream.pointee.avail_out == 0
    }
    return output
  }
}
