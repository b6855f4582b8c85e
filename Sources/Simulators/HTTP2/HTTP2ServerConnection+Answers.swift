import NIOCore

// MARK: - Answers

extension HTTP2ServerConnection {
  /// Writes an answer: HEADERS, and the body in one DATA frame that ends the stream, as soon as
  /// the client's windows have room for it. Nothing where the stream is gone.
  /// - Parameter body: at most 16,384 bytes are sent.
  func answer(
    _ stream: UInt32, status: Int, fields: [(StaticString, String)], body: [UInt8]
  ) {
    guard let open = streams[stream] else { return }
    out.writeResponseHead(
      stream: stream, status: status, fields: fields, endStream: body.isEmpty,
      forgetsTable: forgetsTable)
    forgetsTable = false
    if body.isEmpty {
      finishAnswer(stream, isRequestEnded: open.isRequestEnded)
    } else {
      let body = Array(body.prefix(HTTP2Frame.maxPayloadBytes))
      if !writeBody(stream, body) { waitingBodies.append((stream, body)) }
    }
  }

  /// - Returns: False where the windows have no room.
  private func writeBody(_ stream: UInt32, _ body: [UInt8]) -> Bool {
    guard let open = streams[stream] else { return true }
    guard body.count <= peer.connection, body.count <= peer.initialStream + open.windowGrant
    else { return false }
    peer.connection -= body.count
    out.writeData(stream: stream, bytes: body)
    finishAnswer(stream, isRequestEnded: open.isRequestEnded)
    return true
  }

  private func finishAnswer(_ stream: UInt32, isRequestEnded: Bool) {
    streams[stream] = nil
    if !isRequestEnded { out.writeReset(stream: stream, code: HTTP2Code.noError) }
    closeIfAnswered()
  }

  private func writeWaitingBodies() {
    guard !waitingBodies.isEmpty else { return }
    let waiting = waitingBodies
    waitingBodies = waiting.filter { !writeBody($0.stream, $0.body) }
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
