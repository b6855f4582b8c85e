import NIOCore

/// Cuts the client's bytes into frames, after its preface.
struct HTTP2FrameReader {
  private var bytes = ByteBuffer()
  private var prefaceSeen = false

  mutating func append(_ buffer: inout ByteBuffer) {
    if bytes.readableBytes == 0 {
      bytes = buffer
    } else {
      bytes.discardReadBytes()
      bytes.writeBuffer(&buffer)
    }
  }

  /// The next whole frame; nil until more bytes have come.
  mutating func next() throws(HTTP2Violation) -> HTTP2Frame? {
    if !prefaceSeen {
      guard try readPreface() else { return nil }
    }
    let at = bytes.readerIndex
    guard bytes.readableBytes >= HTTP2Frame.headerBytes,
      let head = bytes.getInteger(at: at, as: UInt64.self),
      let last = bytes.getInteger(at: at + 8, as: UInt8.self)
    else { return nil }
    let length = Int(head >> 40)
    guard length <= HTTP2Frame.maxPayloadBytes else {
      throw HTTP2Violation(HTTP2Code.frameSizeError, "a frame above the size announced")
    }
    guard bytes.readableBytes >= HTTP2Frame.headerBytes + length,
      let payload = bytes.getSlice(at: at + HTTP2Frame.headerBytes, length: length)
    else { return nil }
    bytes.moveReaderIndex(forwardBy: HTTP2Frame.headerBytes + length)
    return HTTP2Frame(
      kind: UInt8(truncatingIfNeeded: head >> 32), flags: UInt8(truncatingIfNeeded: head >> 24),
      stream: UInt32(truncatingIfNeeded: head << 8 | UInt64(last)) & 0x7FFF_FFFF, payload: payload)
  }

  private mutating func readPreface() throws(HTTP2Violation) -> Bool {
    let preface = HTTP2Frame.clientPreface
    let common = min(preface.count, bytes.readableBytes)
    guard bytes.readableBytesView.prefix(common).elementsEqual(preface.prefix(common)) else {
      throw HTTP2Violation(HTTP2Code.protocolError, "no HTTP/2 preface")
    }
    guard common == preface.count else { return false }
    bytes.moveReaderIndex(forwardBy: preface.count)
    prefaceSeen = true
    return true
  }
}

extension HTTP2Frame {
  /// Takes the padding away (RFC 9113, section 6.1).
  mutating func removePadding() throws(HTTP2Violation) {
    guard has(Flag.padded) else { return }
    guard let padding = payload.readInteger(as: UInt8.self), Int(padding) <= payload.readableBytes
    else { throw HTTP2Violation(HTTP2Code.protocolError, "padding beyond the frame") }
    payload.moveWriterIndex(to: payload.writerIndex - Int(padding))
  }
}
