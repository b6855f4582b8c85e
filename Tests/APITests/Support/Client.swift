import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import PushCore

@testable import API

/// An answer of the API.
struct Answer: Sendable {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8]

  func header(_ name: String) -> String? { headers.first(name: name) }

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSON { (try? JSON.parse(body)) ?? .null }
  var code: String? { json["code"]?.string }
  var field: String? { json["field"]?.string }
  var detail: String { json["detail"]?.string ?? "" }
  var position: Int64? { json["position"]?.integer }
  var isNew: Bool? { json["new"]?.bool }
}

extension APIRig {
  func send(
    _ method: HTTPMethod, _ path: String, _ body: [UInt8]? = nil, key: String?? = .none,
    headers: [(String, String)] = []
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
    request.method = method
    if let key = key ?? self.key {
      request.headers.add(name: "Authorization", value: "Bearer \(key)")
    }
    if body != nil, !headers.contains(where: { $0.0 == "Content-Type" }) {
      request.headers.add(name: "Content-Type", value: "application/json")
    }
    for (name, value) in headers where !value.isEmpty {
      request.headers.add(name: name, value: value)
    }
    if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let buffer = try await response.body.collect(upTo: 64 * 1024 * 1024)
    return Answer(
      status: Int(response.status.code), headers: response.headers,
      body: Array(buffer.readableBytesView))
  }

  func get(_ path: String, key: String?? = .none) async throws -> Answer {
    try await send(.GET, path, key: key)
  }

  func post(
    _ path: String, _ json: JSON, key: String?? = .none, headers: [(String, String)] = []
  ) async throws -> Answer {
    try await send(.POST, path, json.serialized(), key: key, headers: headers)
  }

  func put(
    _ path: String, _ json: JSON, key: String?? = .none, headers: [(String, String)] = []
  ) async throws -> Answer {
    try await send(.PUT, path, json.serialized(), key: key, headers: headers)
  }

  func delete(_ path: String, key: String?? = .none) async throws -> Answer {
    try await send(.DELETE, path, key: key)
  }

  /// Lines of an answer that goes on.
  func follow(
    _ path: String,
    _ use: (inout AsyncThrowingStream<String, any Error>.AsyncIterator) async throws
      -> Void
  ) async throws {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
    request.headers.add(name: "Authorization", value: "Bearer \(key)")
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let (lines, line) = AsyncThrowingStream.makeStream(of: String.self)
    let reading = Task {
      do {
        var rest = ""
        for try await buffer in response.body {
          rest += String(decoding: buffer.readableBytesView, as: UTF8.self)
          while let end = rest.firstIndex(of: "\n") {
            line.yield(String(rest[..<end]))
            rest = String(rest[rest.index(after: end)...])
          }
        }
        line.finish()
      } catch {
        line.finish(throwing: error)
      }
    }
    defer { reading.cancel() }
    var iterator = lines.makeAsyncIterator()
    try await use(&iterator)
  }
}
