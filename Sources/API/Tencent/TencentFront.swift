import Foundation
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import PushCore

/// A request of Tencent IM's server API whose UserSig is good.
struct TencentCall: Sendable {
  let app: AppID
  /// Who signed: the sender where the body names none.
  let administrator: UserID
  let body: TencentBody
  /// Of the body as it came.
  let bytes: Int
  let now: Timestamp
  /// Whether somebody wants to be told of one-to-one messages that were refused.
  var tellsMessages = false
}

extension TencentCall {
  /// - Parameter without: How many bytes do not count.
  func checkSize(
    most: Int = TencentMessage.requestBytes, without: Int = 0,
    or code: Int = TencentError.bodyTooLarge
  ) throws(TencentError) {
    guard bytes - without <= most else {
      throw TencentError(
        code, "The request has \(bytes - without) bytes; at most \(most) are taken.")
    }
  }

  /// An event that the request says.
  ///
  /// - Parameter code: What a field that the ledger's door refuses is answered with.
  func event(
    _ type: EventType, _ data: JSON, content: JSON? = nil, or code: Int
  ) throws(TencentError) -> NewEvent {
    do {
      return try EventDoor.event(
        id: UUID(), type: type, occurredAt: now, data: data, content: content)
    } catch {
      throw TencentError(code, error.description)
    }
  }
}

/// `POST /v4/<service>/<command>`: Tencent IM's server API, for backends that speak it already.
///
/// Every answer has the status 200; its body says whether it was done. What it says is written in
/// docs/tencent-compatibility.md. https://cloud.tencent.com/document/product/269/1519
struct TencentFront: Sendable {
  typealias Command = @Sendable (TencentCall) async throws -> JSON

  let apps: TencentApps
  let commands: [String: Command]
  let clock: @Sendable () -> Timestamp
  private let known = KnownSigs()

  init(apps: TencentApps, commands: [String: Command], clock: @escaping @Sendable () -> Timestamp) {
    self.apps = apps
    self.commands = commands
    self.clock = clock
  }

  var route: Route {
    .foreign(
      .post, "/v4/{service}/{command}",
      Operation(
        id: "tencent", summary: "Tencent IM's server API",
        detail: """
          For backends that send through Tencent's REST API: the same commands, signed by an \
          administrator's UserSig. The status is always 200; `ActionStatus` and `ErrorCode` say \
          what came of it.
          """,
        query: [
          QueryParameter(
            name: "sdkappid", form: .integer(1...Int64.max), detail: "Stands for the app."),
          QueryParameter(
            name: "identifier", form: .text(maxBytes: TencentBody.accountBytes),
            detail: "The administrator."),
          QueryParameter(
            name: "usersig", form: .text(maxBytes: UserSig.textBytes),
            detail: "The administrator's UserSig."),
          QueryParameter(
            name: "random", form: .integer(0...Int64(UInt32.max)), detail: "Any number."),
          QueryParameter(
            name: "contenttype", form: .text(maxBytes: 4), detail: "json"),
        ],
        body: .init(schema: "TencentRequest"), answer: .init(schema: "TencentAnswer"))
    ) { call in
      .json(await answer(call))
    }
  }

  // MARK: Answering

  private func answer(_ call: ForeignCall) async -> JSON {
    do {
      return try await serve(call)
    } catch let error as TencentError {
      return error.json
    } catch let error as UserSigError {
      return TencentError(error.rawValue, error.description).json
    } catch {
      let problem = Problem(catching: error)
      call.report(problem, error)
      return TencentError(problem).json
    }
  }

  private func serve(_ call: ForeignCall) async throws -> JSON {
    let (app, administrator, tells) = try await caller(call)
    let name = call.pathValues.joined(separator: "/")
    guard let command = commands[name] else {
      throw TencentError(
        TencentError.wrongCommand, "There is no command \(name.prefix(80)) here.")
    }
    let buffer = try await Self.body(call)
    let json: JSON
    do {
      json = try JSON.parse(Array(buffer.readableBytesView))
    } catch {
      throw TencentError(TencentError.badJSON, "The body is not valid JSON: \(error).")
    }
    guard json.members != nil else {
      throw TencentError(
        TencentError.badJSON, "The body is \(json.kind); an Object is expected.")
    }
    return try await command(
      TencentCall(
        app: app, administrator: administrator, body: TencentBody(json: json),
        bytes: buffer.readableBytes, now: clock(), tellsMessages: tells))
  }

  private static func body(_ call: ForeignCall) async throws -> ByteBuffer {
    do {
      return try await call.request.collect(upTo: APILimits.bodyBytes)
    } catch let fault as BodyFault {
      switch fault {
      case .tooLarge:
        throw TencentError(
          TencentError.bodyTooLarge, "The body has more than \(APILimits.bodyBytes) bytes.")
      case .tooSlow, .noRoom:
        throw TencentError(TencentError.timeout, "The body took too long to come.")
      case .broken:
        throw TencentError(
          TencentError.timeout, "The body broke off, or is not framed as HTTP/1.1 wants.")
      }
    }
  }

  /// Whom the query speaks for.
  private func caller(
    _ call: ForeignCall
  ) async throws -> (app: AppID, administrator: UserID, tells: Bool) {
    let query = try Self.query(call.query)
    guard let idText = query["sdkappid"], !idText.isEmpty else {
      throw TencentError(TencentError.noSDKAppID, "sdkappid is missing in the URL.")
    }
    guard let id = Int64(idText) else {
      throw TencentError(TencentError.badParameters, "sdkappid is no number.")
    }
    if let type = query["contenttype"], type != "json" {
      throw TencentError(TencentError.badParameters, "contenttype must be json.")
    }
    guard let app = try await apps.find(id) else {
      throw TencentError(
        TencentError.noKey, "There is no SDKAppID \(id) here; `pushledger apps tencent` adds it.")
    }
    let identifier = query["identifier"] ?? ""
    try known.verify(
      query["usersig"] ?? "", identifier: identifier, sdkAppID: id, now: clock().seconds,
      secretKey: app.secretKey)
    guard app.administrators.contains(where: { $0.utf8.elementsEqual(identifier.utf8) }),
      let administrator = TencentBody.account(identifier)
    else {
      throw TencentError(
        TencentError.needsAdministrator, "The identifier is no administrator of this SDKAppID.")
    }
    return (app.app, administrator, app.tellsMessages)
  }

  /// The last of a name counts, and what is not known is ignored.
  private static func query(_ text: Substring) throws(TencentError) -> [String: String] {
    var values: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // A plus stands for itself: no UserSig holds one, but an identifier may.
      guard let name = PercentDecoding.decode(parts[0]),
        let value = PercentDecoding.decode(parts.count > 1 ? parts[1] : "")
      else { throw TencentError(TencentError.badURL, "The URL is not percent-encoded UTF-8.") }
      values[name] = value
    }
    return values
  }
}

extension TencentError {
  /// What is wrong on this side, or with the ledger's rules.
  init(_ problem: Problem) {
    switch problem.code {
    case .appendFull, .tooBusy: self.init(Self.tooFrequent, problem.detail)
    case .ledgerUnavailable, .stopping, .projectionBehind:
      self.init(Self.timeout, problem.detail)
    default: self.init(Self.internalFailure, problem.detail)
    }
  }
}
