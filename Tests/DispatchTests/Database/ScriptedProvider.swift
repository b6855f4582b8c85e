import Providers
import PushCore
import Synchronization

import struct Foundation.UUID

/// A provider that answers as a test wants, at once or when the test says so.
final class ScriptedProvider: PushProvider {
  enum Step: Sendable {
    case answer(AttemptResult)
    /// The answer comes with ``ScriptedProvider/release(_:)``.
    case hold

    static let accept = Step.answer(
      AttemptResult(.accepted, status: 200, providerMessageID: "receipt"))
  }

  struct Push: Sendable, Equatable {
    var delivery: UUID
    var attempt: Int
    var token: String
  }

  private struct State {
    var pushes: [Push] = []
    var held: [CheckedContinuation<AttemptResult, Never>] = []
    var accepted = 0
  }

  private let script: @Sendable (PushRequest) -> Step
  private let state = Mutex(State())

  let name: ProviderName

  init(
    _ name: ProviderName = .apns,
    _ script: @escaping @Sendable (PushRequest) -> Step = { _ in .accept }
  ) {
    self.name = name
    self.script = script
  }

  var pushes: [Push] { state.withLock { $0.pushes } }
  var heldCount: Int { state.withLock { $0.held.count } }

  func host(of request: PushRequest, with credential: ProviderCredential) -> String {
    "push.example"
  }

  func send(
    _ request: PushRequest, with credential: ProviderCredential, deadline: Duration
  ) async -> AttemptResult {
    let push = Push(delivery: request.deliveryID, attempt: request.attempt, token: request.token)
    let step = script(request)
    guard case .answer(let result) = step else {
      return await withCheckedContinuation { continuation in
        state.withLock { state in
          state.pushes.append(push)
          state.held.append(continuation)
        }
      }
    }
    state.withLock { $0.pushes.append(push) }
    return result
  }

  /// Answers everything that is held.
  func release(_ result: AttemptResult = AttemptResult(.accepted, status: 200)) {
    let held = state.withLock { state in
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume(returning: result) }
  }

  func prove(_ credential: ProviderCredential, deadline: Duration) async -> CredentialProof {
    .cannotTell("scripted")
  }

  func status() async -> [ProviderStatus] { [] }
  func shutdown(within grace: Duration) async {}
}
