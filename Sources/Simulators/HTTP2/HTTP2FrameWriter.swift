import NIOCore

extension ByteBuffer {
  mutating func writeFrameHead(length: Int, kind: UInt8, flags: UInt8, stream: UInt32) {
    let head = UInt64(length) << 40 | UInt64(kind) << 32 | UInt64(flags) << 24 | UInt64(stream) >> 8
    writeInteger(head)
    writeInteger(UInt8(truncatingIfNeeded: stream))
  }

  mutating func writeSettings(_ settings: [(UInt16, UInt32)]) {
    writeFrameHead(
      length: settings.count * 6, kind: HTTP2Frame.Kind.settings, flags: 0, stream: 0)
    for (setting, value) in settings {
      writeInteger(setting)
      writeInteger(value)
    }
  }

  mutating func writeSettingsAck() {
    writeFrameHead(
      length: 0, kind: HTTP2Frame.Kind.settings, flags: HTTP2Frame.Flag.ack, stream: 0)
  }

  mutating func writePingAck(_ payload: UInt64) {
    writeFrameHead(length: 8, kind: HTTP2Frame.Kind.ping, flags: HTTP2Frame.Flag.ack, stream: 0)
    writeInteger(payload)
  }

  mutating func writeWindowUpdate(stream: UInt32, bytes: Int) {
    writeFrameHead(length: 4, kind: HTTP2Frame.Kind.windowUpdate, flags: 0, stream: stream)
    writeInteger(UInt32(bytes))
  }

  mutating func writeReset(stream: UInt32, code: UInt32) {
    writeFrameHead(length: 4, kind: HTTP2Frame.Kind.resetStream, flags: 0, stream: stream)
    writeInteger(code)
  }

  mutating func writeGoAway(lastStream: UInt32, code: UInt32, debug: [UInt8]) {
    let debug = debug.prefix(HTTP2Frame.maxPayloadBytes - 8)
    writeFrameHead(
      length: 8 + debug.count, kind: HTTP2Frame.Kind.goAway, flags: 0, stream: 0)
    writeInteger(lastStream)
    writeInteger(code)
    writeBytes(debug)
  }

  mutating func writeData(stream: UInt32, bytes: ArraySlice<UInt8>, endStream: Bool) {
    writeFrameHead(
      length: bytes.count, kind: HTTP2Frame.Kind.data,
      flags: endStream ? HTTP2Frame.Flag.endStream : 0, stream: stream)
    writeBytes(bytes)
  }
}

// MARK: - Header blocks

extension ByteBuffer {
  /// A HEADERS frame whose fields all stand as literals that nobody indexes (RFC 7541, section
  /// 6.2.2): a server then holds no table that could fall out of step.
  /// - Parameter fields: lower-case names; all together they must fit into one frame.
  mutating func writeResponseHead(
    stream: UInt32, status: Int, fields: [(String, String)], endStream: Bool,
    forgetsTable: Bool
  ) {
    let start = writerIndex
    writeFrameHead(
      length: 0, kind: HTTP2Frame.Kind.headers,
      flags: HTTP2Frame.Flag.endHeaders | (endStream ? HTTP2Frame.Flag.endStream : 0),
      stream: stream)
    if forgetsTable { writeInteger(UInt8(0x20)) }
    writeStatus(status)
    for (name, value) in fields {
      writeInteger(UInt8(0))
      writeHeaderText(name)
      writeHeaderText(value)
    }
    let length = writerIndex - start - HTTP2Frame.headerBytes
    setInteger(UInt8(truncatingIfNeeded: length >> 16), at: start)
    setInteger(UInt16(truncatingIfNeeded: length), at: start + 1)
  }

  /// A string literal without Huffman's code; its length has a prefix of 7 bits (RFC 7541, section
  /// 5.1).
  private mutating func writeHeaderText(_ text: String) {
    var length = text.utf8.count
    if length < 127 {
      writeInteger(UInt8(length))
    } else {
      writeInteger(UInt8(127))
      length -= 127
      while length >= 128 {
        writeInteger(UInt8(length & 127 | 128))
        length >>= 7
      }
      writeInteger(UInt8(length))
    }
    writeString(text)
  }

  private mutating func writeStatus(_ status: Int) {
    switch status {
    case 200: writeInteger(UInt8(0x88))
    case 400: writeInteger(UInt8(0x8C))
    case 404: writeInteger(UInt8(0x8D))
    case 500: writeInteger(UInt8(0x8E))
    default:
      let digits = String(min(max(status, 100), 999))
      writeInteger(UInt8(0x08))
      writeInteger(UInt8(3))
      writeString(digits)
    }
  }
}
