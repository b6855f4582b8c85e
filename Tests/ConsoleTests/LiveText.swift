import Console
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOEmbedded

/// Reads a page's live parts as they come.
final class LiveText: Sendable {
  private let chunks: AsyncStream<String>
  private let task: Task<Void, any Error>

  init(_ rig: ConsoleRig, _ path: String, _ session: String) {
    let (stream, continuation) = AsyncStream<String>.makeStream()
    chunks = stream
    task = Task {
      defer { continuation.finish() }
      let request = Request(
        head: HTTPRequest(
          method: .get, scheme: "http", authority: "localhost", path: path,
          headerFields: [.cookie: session]), body: RequestBody(buffer: ByteBuffer()))
      let response = await rig.console.respond(to: request, on: NIOAsyncTestingChannel())
      try await response.body.write(Writer(continuation: continuation))
    }
  }

  /// The next piece that is wanted.
  func next(_ isWanted: (String) -> Bool) async throws -> String {
    for await chunk in chunks where isWanted(chunk) { return chunk }
    throw Ended()
  }

  func stop() { task.cancel() }

  func ended() async { _ = await task.result }

  struct Ended: Error {}

  private struct Writer: ResponseBodyWriter {
    let continuation: AsyncStream<String>.Continuation

    func write(_ buffer: ByteBuffer) async throws {
      continuation.yield(String(buffer: buffer))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { continuation.finish() }
  }
}
