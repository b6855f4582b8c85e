import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PushCore

/// Appends events through the API, again and again until each batch is answered, as a chat backend
/// does whose server dies now and then.
actor Feeder {
  static let batch = 10
  private static let answerTimeout = TimeAmount.seconds(20)
  private static let bodyLimit = 1 << 20

  /// It lives as long as the tests. Whoever listened at a port that is closed now does not come
  /// back there, so it knocks once.
  static let client = {
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  /// Batches answered so far.
  nonisolated let answered = Tally()
  /// What was answered: it must stay so (G1).
  private(set) var positions: [UUID: Position] = [:]
  private let key: String
  private let ports: AsyncStream<String>
  private var port: String?
  private var batches = 0

  /// - Parameter ports: The API's port, each time that it listens again.
  init(key: String, ports: AsyncStream<String>) {
    self.key = key
    self.ports = ports
  }

  func append(_ events: [NewEvent]) async throws {
    do {
      for start in stride(from: 0, to: events.count, by: Self.batch) {
        try await append(batch: events[start..<min(start + Self.batch, events.count)])
        batches += 1
        answered.raise(to: batches)
      }
    } catch {
      answered.finish()
      throw error
    }
  }

  private func append(batch: ArraySlice<NewEvent>) async throws {
    let body = try batch.map { String(decoding: try Self.line($0), as: UTF8.self) }
      .joined(separator: "\n")
    while true {
      if port == nil { port = await ports.first { _ in true } }
      guard let port else { throw CancellationError() }
      do {
        try keep(try await post(body, to: port))
        return
      } catch is UnexpectedAnswer {
        throw UnexpectedAnswer()
      } catch {
        // It died before it answered: another is on its way.
        self.port = nil
      }
    }
  }

  private static func line(_ event: NewEvent) throws -> [UInt8] {
    JSON.object(present: [
      ("event_id", .string(event.id.uuidString.lowercased())),
      ("type", .string(event.type.rawValue)),
      ("occurred_at", .string(event.occurredAt.description)), ("data", try JSON.parse(event.data)),
      ("content", try event.content.map { try JSON.parse($0) }),
    ]).serialized()
  }

  private func post(_ body: String, to port: String) async throws -> JSON {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/events")
    request.method = .POST
    request.headers.add(name: "authorization", value: "Bearer \(key)")
    request.headers.add(name: "content-type", value: "application/x-ndjson")
    request.body = .bytes(ByteBuffer(string: body))
    let answer = try await Self.client.execute(request, timeout: Self.answerTimeout)
    let bytes = try await answer.body.collect(upTo: Self.bodyLimit)
    guard answer.status == .accepted else { throw UnexpectedAnswer() }
    return try JSON.parse(bytes.readableBytesView)
  }

  private func keep(_ answer: JSON) throws {
    for item in answer["items"]?.array ?? [] {
      guard let id = item["event_id"]?.string.flatMap(UUID.init(uuidString:)),
        let position = item["position"]?.integer, positions[id] ?? position == position
      else { throw UnexpectedAnswer() }
      positions[id] = position
    }
  }

  /// An answer other than 202, or one that takes an earlier one back.
  struct UnexpectedAnswer: Error {}
}
