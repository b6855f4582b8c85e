import CZlib

/// RFC 1950.
enum Zlib {
  static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var length = compressBound(uLong(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(length))
    // It fails only where memory is short or the output too small, which it is not.
    _ = compress(&output, &length, bytes, uLong(bytes.count))
    return Array(output.prefix(Int(length)))
  }

  /// - Returns: Nil where the bytes are not what was deflated, or more than `limit` come of them.
  static func inflate(_ bytes: [UInt8], atMost limit: Int) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: limit)
    var length = uLong(limit)
    guard uncompress(&output, &length, bytes, uLong(bytes.count)) == Z_OK else { return nil }
    return Array(output.prefix(Int(length)))
  }
}
