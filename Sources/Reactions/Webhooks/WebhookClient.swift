import AsyncHTTPClient
import Foundation
import Ledger
import NIOCore
import NIOHTTP1
import NIOPosix
import PushCore

/// Calls webhooks. The name is looked up before each connection is made, and the connection goes to
/// the address that was found and looked at: none of this server's own network, unless allowed.
actor WebhookClient {
  /// An answer is read so far, and not kept.
  private static let answerBytes = 65_536
  /// A client whose address was looked up longer ago is made anew.
  private static let addressLifetime = Duration.seconds(60)

  private struct Entry {
    var client: HTTPClient
    var goodUntil: ContinuousClock.Instant
  }

  let timeout: Duration
  private var entries: [String: Entry] = [:]

  init(timeout: Duration) { self.timeout = timeout }

  /// - Returns: Nil where it was answered with 200, else why it was not, without anything of what
  ///   was sent or answered.
  func call(_ call: WebhookCall, of webhook: TencentWebhook, now: Timestamp) async -> String? {
    do {
      let started = ContinuousClock.now
      let client = try await client(for: webhook)
      let query = call.query(sdkAppID: webhook.sdkAppID, token: webhook.token, now: now.seconds)
      var request = HTTPClientRequest(url: webhook.url + "?" + query)
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "application/json")
      request.headers.add(name: "User-Agent", value: "pushledger")
      request.body = .bytes(ByteBuffer(bytes: call.body.serialized()))
      let left = timeout - started.duration(to: .now)
      let status = try await Self.answer(to: request, client, within: left)
      return status == .ok ? nil : "status_\(status.code)"
    } catch let refusal as AddressRefusal {
      return refusal.rawValue
    } catch is Late {
      return "no_answer"
    } catch let error as HTTPClientError where Self.isLate(error) {
      return "no_answer"
    } catch {
      // The name may lead elsewhere by now.
      await forget(Self.key(webhook))
      return "unreachable"
    }
  }

  private struct Late: Error {}

  /// The status, once the whole answer is there: one that trickles is late, too.
  private static func answer(
    to request: HTTPClientRequest, _ client: HTTPClient, within timeout: Duration
  ) async throws -> HTTPResponseStatus {
    try await withThrowingTaskGroup(of: HTTPResponseStatus.self) { group in
      group.addTask {
        let response = try await client.execute(request, timeout: .init(timeout))
        var bytes = 0
        // The status alone counts; what is longer than that nobody reads.
        for try await part in response.body {
          bytes += part.readableBytes
          if bytes > answerBytes { break }
        }
        return response.status
      }
      group.addTask {
        try await Task.sleep(for: timeout)
        throw Late()
      }
      defer { group.cancelAll() }
      guard let status = try await group.next() else { throw Late() }
      return status
    }
  }

  private static func isLate(_ error: HTTPClientError) -> Bool {
    [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error)
  }

  private static func key(_ webhook: TencentWebhook) -> String {
    "\(webhook.sdkAppID) \(webhook.allowsPrivate) \(webhook.url)"
  }

  private func forget(_ key: String) async {
    guard let entry = entries.removeValue(forKey: key) else { return }
    try? await entry.client.shutdown()
  }

  func close() async {
    for entry in entries.values { try? await entry.client.shutdown() }
    entries = [:]
  }

  // MARK: Where it goes

  enum AddressRefusal: String, Error {
    case badURL = "bad_url"
    case unknownHost = "unknown_host"
    case addressNotPublic = "address_not_public"
  }

  private func client(for webhook: TencentWebhook) async throws -> HTTPClient {
    guard let url = URL(string: webhook.url), let host = url.host, !host.isEmpty else {
      throw AddressRefusal.badURL
    }
    let key = Self.key(webhook)
    if let entry = entries[key] {
      if entry.goodUntil > .now { return entry.client }
      // A webhook's calls come one after the other, so nothing is under way on it.
      await forget(key)
    }
    let address = try await Self.address(
      of: host, allowsPrivate: webhook.allowsPrivate, within: timeout)
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: .init(timeout)))
    configuration.dnsOverride = [host: address]
    configuration.maximumUsesPerConnection = 10_000
    // A refused connection is told at once; the next call is the retry.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    entries[key] = Entry(client: client, goodUntil: .now + Self.addressLifetime)
    return client
  }

  /// The first address of a host, where all of them may be called.
  ///
  /// Nobody can break off the system's resolver: one that is late is left to itself.
  static func address(
    of host: String, allowsPrivate: Bool, within timeout: Duration
  ) async throws -> String {
    let (answers, answer) = AsyncStream.makeStream(of: [HostAddress].self)
    NIOThreadPool.singleton.submit { _ in
      answer.yield(HostAddress.lookUp(host))
      answer.finish()
    }
    let timer = Task {
      try? await Task.sleep(for: timeout)
      answer.finish()
    }
    defer { timer.cancel() }
    for await found in answers {
      guard let first = found.first else { throw AddressRefusal.unknownHost }
      guard allowsPrivate || found.allSatisfy({ PublicAddress.holds($0.bytes) }) else {
        throw AddressRefusal.addressNotPublic
      }
      return first.text
    }
    throw Late()
  }
}
