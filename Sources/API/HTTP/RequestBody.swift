import HTTPTypes
import Hummingbird
import NIOCore
import PushCore

extension APICall {
  /// Reads the body as JSON and hands it on, as long as it is held.
  ///
  /// - Throws: ``Problem``: not of a type that the route takes, too large, or not valid JSON.
  func withJSON<Answer>(
    _ use: (JSON) async throws -> Answer
  ) async throws -> Answer {
    try await withBody { bytes in try await use(try Self.json(bytes, of: route)) }
  }

  /// Reads the body as one JSON object.
  func withFields<Answer>(
    _ use: (Fields) async throws -> Answer
  ) async throws -> Answer {
    try await withJSON { json in
      try await use(try Fields(json, at: ""))
    }
  }

  /// The body's media type, without its parameters, in lower case.
  var mediaType: String {
    let type = request.headers[.contentType] ?? ""
    let name = type.prefix { $0 != ";" }.split(separator: " ").first ?? ""
    return name.lowercased()
  }

  /// Collects the body.
  func withBody<Answer>(
    _ use: (ByteBuffer) async throws -> Answer
  ) async throws -> Answer {
    let limit = route.operation.body?.maxBytes ?? 0
    try checkType()
    let declared = request.headers[.contentLength].flatMap { Int($0) }
    if let declared, declared > limit { throw Self.tooLarge(limit) }
    var held = 0
    defer { bodies.giveBack(held) }
    let buffer = try await collect(upTo: limit, &held)
    return try await use(buffer)
  }

  /// What is beyond a small body is taken out of the budget as it comes: a client that says no
  /// length, or one that stops in the middle, keeps no room from others that it does not fill.
  private func collect(upTo limit: Int, _ held: inout Int) async throws -> ByteBuffer {
    do {
      return try await request.collect(upTo: limit) { bytes in
        let excess = bytes - APILimits.bodyBytes - held
        guard excess > 0 else { return true }
        guard bodies.take(excess) else { return false }
        held += excess
        return true
      }
    } catch let fault as BodyFault {
      switch fault {
      case .tooLarge: throw Self.tooLarge(limit)
      case .tooSlow:
        throw Problem(.malformed, "The body took too long to come. Send it again.")
      case .noRoom: throw Problem(.tooBusy, "Too many large bodies are being read. Retry.")
      case .broken:
        throw Problem(
          .malformed, "The body broke off, or is not framed as HTTP/1.1 wants. Send it again.")
      }
    }
  }

  private func checkType() throws(Problem) {
    let types = route.operation.body?.types ?? []
    let hint = "Send it as \(types.joined(separator: " or ")), and say so in Content-Type."
    guard types.contains(mediaType) else {
      let given =
        mediaType.isEmpty ? "of no type" : "of type \(FieldError.shownName(mediaType) ?? "?")"
      throw Problem(.mediaTypeUnsupported, "The body is \(given). \(hint)", field: "Content-Type")
    }
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw Problem(
        .mediaTypeUnsupported,
        "The body is encoded (\(FieldError.shownName(encoding) ?? "?")). Send it as it is.",
        field: "Content-Encoding")
    }
  }

  static func tooLarge(_ limit: Int) -> Problem {
    Problem(
      .bodyTooLarge, "The body has more than \(limit) bytes, which is the most taken here.")
  }

  private static func json(_ buffer: ByteBuffer, of route: Route) throws -> JSON {
    let parsed = buffer.withUnsafeReadableBytes { bytes in
      Result { () throws(JSONError) in try JSON.parse(buffer: bytes.bindMemory(to: UInt8.self)) }
    }
    switch parsed {
    case .success(let json):
      let isMany = route.operation.body?.takesMany == true
      if isMany, json.members != nil, buffer.readableBytes > APILimits.bodyBytes {
        throw tooLarge(APILimits.bodyBytes)
      }
      return json
    case .failure(let error): throw Problem(error)
    }
  }
}

extension Problem {
  init(_ error: JSONError, in part: String = "The body", line: Int? = nil) {
    var members = [JSON.Member("byte", .integer(error.byte))]
    if let line { members.insert(.init("line", .integer(line)), at: 0) }
    self.init(
      .malformedJSON, "\(part) is not valid JSON at byte \(error.byte): \(error.problem).",
      members: members)
  }
}
