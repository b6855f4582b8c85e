import NIOCore

// MARK: - Answers

extension HTTP2ServerConnection {
  /// Writes an answer: HEADERS, and the body in DATA frames of at most 16,384 bytes, each as soon
  /// as the client's windows have room for the whole of it. Nothing where the stream is gone.
  func answer(
    _ stream: UInt32, status: Int, fields: [(String, String)], body: [UInt8]
  ) {
    guard let open = streams[stream] else { return }
    out.writeResponseHead(
      stream: stream, status: status, fields: fields, endStream: body.isEmpty,
      forgetsTable: forgetsTable)
    forgetsTable = false
    if body.isEmpty {
      finishAnswer(stream, isRequestEnded: open.isRequestEnded)
    } else {
      writeBody(stream, body[...])
    }
  }

  /// Writes as much as the windows have room for; the rest waits.
  private func writeBody(_ stream: UInt32, _ body: ArraySlice<UInt8>) {
    var rest = body
    while let index = streams.index(forKey: stream) {
      let piece = rest.prefix(HTTP2Frame.maxPayloadBytes)
      guard piece.count <= peer.connection,
        piece.count <= peer.initialStream + streams.values[index].windowGrant
      else { return waitingBodies.append((stream, rest)) }
      peer.connection -= piece.count
      streams.values[index].windowGrant -= piece.count
      rest = rest.dropFirst(piece.count)
      out.writeData(stream: stream, bytes: piece, endStream: rest.isEmpty)
      if rest.isEmpty {
        return finishAnswer(stream, isRequestEnded: streams.values[index].isRequestEnded)
      }
    }
  }

  private func finishAnswer(_ stream: UInt32, isRequestEnded: Bool) {
    streams[stream] = nil
    if !isRequestEnded { out.writeReset(stream: stream, code: HTTP2Code.noError) }
    closeIfAnswered()
  }

  private func writeWaitingBodies() {
    guard !waitingBodies.isEmpty else { return }
    let waiting = waitingBodies
    waitingBodies = []
    for (stream, body) in waiting { writeBody(stream, body) }
  }
}

// MARK: - What the client says about itself

extension HTTP2ServerConnection {
  func receiveSettings(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard frame.stream == 0, frame.payload.readableBytes % 6 == 0 else {
      throw HTTP2Violation(HTTP2Code.frameSizeError, "malformed SETTINGS")
    }
    if frame.has(HTTP2Frame.Flag.ack) { return acknowledgeLimit() }
    var payload = frame.payload
    while let (setting, value) = payload.readMultipleIntegers(as: (UInt16, UInt32).self) {
      switch setting {
      case HTTP2Frame.Setting.headerTableSize: forgetsTable = true
      case HTTP2Frame.Setting.initialWindowSize:
        guard value <= HTTP2Frame.maxWindowBytes else {
          throw HTTP2Violation(HTTP2Code.flowControlError, "a window above 2^31 - 1")
        }
        peer.initialStream = Int(value)
      default: break
      }
    }
    out.writeSettingsAck()
    writeWaitingBodies()
  }

  func receivePing(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard frame.stream == 0, frame.payload.readableBytes == 8,
      let payload = frame.payload.getInteger(at: frame.payload.readerIndex, as: UInt64.self)
    else { throw HTTP2Violation(HTTP2Code.frameSizeError, "a malformed PING") }
    if !frame.has(HTTP2Frame.Flag.ack) { out.writePingAck(payload) }
  }

  func receiveWindowUpdate(_ frame: HTTP2Frame) throws(HTTP2Violation) {
    guard frame.payload.readableBytes == 4,
      let word = frame.payload.getInteger(at: frame.payload.readerIndex, as: UInt32.self)
    else { throw HTTP2Violation(HTTP2Code.frameSizeError, "a malformed WINDOW_UPDATE") }
    let bytes = Int(word & 0x7FFF_FFFF)
    guard bytes > 0 else {
      throw HTTP2Violation(HTTP2Code.protocolError, "a WINDOW_UPDATE of nothing")
    }
    if frame.stream == 0 {
      peer.connection += bytes
      guard peer.connection <= HTTP2Frame.maxWindowBytes else {
        throw HTTP2Violation(HTTP2Code.flowControlError, "a window above 2^31 - 1")
      }
    } else if let index = streams.index(forKey: frame.stream) {
      streams.values[index].windowGrant += bytes
    }
    writeWaitingBodies()
  }
}
