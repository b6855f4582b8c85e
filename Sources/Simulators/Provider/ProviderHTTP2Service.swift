import NIOCore
import NIOHPACK

/// Answers the requests of one HTTP/2 connection, each on the event loop.
final class ProviderHTTP2Service: HTTP2Service {
  typealias Connection = HTTP2ServerConnection<ProviderHTTP2Service>

  private let engine: ProviderEngine
  private let number: Int
  private var highestStream: UInt32 = 0

  static var maxBodyBytes: Int { ProviderEngine.maxBodyBytes }

  init(engine: ProviderEngine, number: Int) {
    self.engine = engine
    self.number = number
  }

  func opened(_ connection: Connection) {
    connection.start(streamLimit: engine.configuration.streamLimit)
  }

  func received(_ request: HTTP2Request, on connection: Connection) {
    let stream = request.stream
    highestStream = max(highestStream, stream)
    guard request.body.readableBytes <= Self.maxBodyBytes else {
      return write(ProviderEngine.bodyTooLong, stream, on: connection)
    }
    guard let simulated = SimulatedRequest(request, connection: number) else {
      return connection.reset(stream, code: HTTP2Code.protocolError)
    }
    switch engine.act(on: simulated) {
    case .answer(let answer, let delay): send(answer, stream, after: delay, on: connection)
    case .silence: break
    case .close: connection.close()
    case .reset(let code): connection.reset(stream, code: code)
    case .answerThenGoAway(let answer):
      connection.goAway(lastStream: highestStream, code: HTTP2Code.noError, debug: [])
      write(answer, stream, on: connection)
      connection.closeWhenAnswered()
    }
  }

  private func send(
    _ answer: SimulatedAnswer, _ stream: UInt32, after delay: Duration, on connection: Connection
  ) {
    guard delay > .zero else { return write(answer, stream, on: connection) }
    connection.context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
      [weak connection] in
      guard let connection else { return }
      self.write(answer, stream, on: connection)
      connection.flush()
    }
  }

  private func write(_ answer: SimulatedAnswer, _ stream: UInt32, on connection: Connection) {
    connection.answer(
      stream, status: answer.status, fields: answer.headers, body: answer.body)
  }

  func readAll(_ connection: Connection) {}

  func closed() {}
}

extension SimulatedRequest {
  /// Nil where a pseudo-header is missing.
  fileprivate init?(_ request: HTTP2Request, connection: Int) {
    var method: String?
    var target: String?
    var headers: [(name: String, value: String)] = []
    headers.reserveCapacity(request.headers.count)
    for (name, value, _) in request.headers {
      switch name {
      case ":method": method = value
      case ":path": target = value
      case ":authority": headers.append(("host", value))
      case ":scheme": break
      default: headers.append((name, value))
      }
    }
    guard let method, let target else { return nil }
    self.init(
      method: method, target: target, headers: headers,
      body: Array(request.body.readableBytesView), isHTTP2: true, connection: connection)
  }
}
