import Foundation
import PushCore
import TestSupport

/// Chromium without a window, spoken to in the DevTools protocol over two pipes: JSON messages that
/// each end in a zero byte.
actor Browser {
  /// No answer and no event is waited for longer.
  static let patience = Duration.seconds(60)
  /// It has so long to end by itself.
  private static let farewell = Duration.seconds(15)
  /// Of a page, since it was opened.
  private static let eventLimit = 20_000
  /// The others are many, and no test asks for them.
  private static let kept: Set<String> = [
    "Page.loadEventFired", "Runtime.consoleAPICalled", "Runtime.exceptionThrown",
    "Runtime.bindingCalled", "Log.entryAdded", "Audits.issueAdded", "Inspector.targetCrashed",
    "Network.requestWillBeSent", "Network.responseReceived", "Network.loadingFailed",
  ]

  struct Event: Sendable {
    var method: String
    var params: JSON
  }

  enum Failure: Error, CustomStringConvertible {
    case missing
    case ended(String)
    case silent(String)
    case refused(method: String, String)

    var description: String {
      switch self {
      case .missing: "There is no Chromium in PATH."
      case .ended(let said): "Chromium has ended. It said: \(said)"
      case .silent(let what): "Chromium was silent for \(Browser.patience): \(what)"
      case .refused(let method, let why): "Chromium refused \(method): \(why)"
      }
    }
  }

  private struct Waiter<Answer: Sendable> {
    var continuation: CheckedContinuation<Answer, any Error>
    var timer: Task<Void, any Error>

    func resume(_ result: Result<Answer, any Error>) {
      timer.cancel()
      continuation.resume(with: result)
    }
  }

  private struct EventWait {
    var session: String
    var isWanted: @Sendable (Event) -> Bool
    var waiter: Waiter<Event>
  }

  private let process: BrowserProcess
  private var number = 0
  private var answers: [Int: (method: String, waiter: Waiter<JSON>)] = [:]
  private var waits: [Int: EventWait] = [:]
  /// What each page said since it was opened, by session.
  private var said: [String: [Event]] = [:]
  private var hasEnded = false

  private init(_ process: BrowserProcess) { self.process = process }

  /// Starts one, lends it, and ends it with all that it wrote.
  static func run<Answer: Sendable>(
    _ body: (Browser) async throws -> Answer
  ) async throws -> Answer {
    guard let program = BrowserProcess.program else { throw Failure.missing }
    let process = try BrowserProcess(program)
    let browser = Browser(process)
    let listening = Task {
      for await message in process.messages { await browser.take(message) }
      await browser.end()
    }
    let outcome: Result<Answer, any Error>
    do {
      outcome = .success(try await body(browser))
    } catch {
      outcome = .failure(error)
    }
    await browser.sayGoodbye()
    await process.ended(within: farewell)
    _ = await listening.value
    return try outcome.get()
  }

  private static let trial = Task {
    (try? await run { browser in
      _ = try await browser.send("Browser.getVersion")
      return true
    }) ?? false
  }

  /// Whether there is one, and it starts.
  static var isAvailable: Bool {
    get async {
      guard BrowserProcess.program != nil else { return false }
      return await trial.value
    }
  }

  // MARK: Saying

  /// Sends a command and awaits its answer.
  ///
  /// - Parameter session: A page's; nil: the browser's own.
  @discardableResult
  func send(
    _ method: String, _ params: JSON = [:], to session: String? = nil
  ) async throws -> JSON {
    guard !hasEnded else { throw Failure.ended(process.errors) }
    number += 1
    let id = number
    let message = JSON.object(present: [
      ("id", .integer(id)), ("method", .string(method)), ("params", params),
      ("sessionId", session.map { .string($0) }),
    ])
    return try await withCheckedThrowingContinuation { continuation in
      let timer = Task {
        try await Task.sleep(for: Self.patience)
        self.giveUp(answer: id)
      }
      answers[id] = (method, Waiter(continuation: continuation, timer: timer))
      process.write(message.serialized() + [0])
    }
  }

  private func giveUp(answer id: Int) {
    guard let (method, waiter) = answers.removeValue(forKey: id) else { return }
    waiter.resume(.failure(Failure.silent("no answer to \(method)")))
  }

  private func sayGoodbye() async {
    guard !hasEnded else { return }
    process.write(Array(#"{"id":0,"method":"Browser.close"}"#.utf8) + [0])
  }

  // MARK: Hearing

  /// Forgets what a page said until now.
  func forget(_ session: String) { said[session] = [] }

  /// What a page said since it was opened.
  func events(of session: String) -> [Event] { said[session] ?? [] }

  /// How much that is: a place to wait from.
  func mark(_ session: String) -> Int { said[session]?.count ?? 0 }

  /// The first event after a place that is wanted, said already or to come.
  func event(
    of session: String, after mark: Int, _ what: String,
    _ isWanted: @escaping @Sendable (Event) -> Bool
  ) async throws -> Event {
    if let found = said[session]?.dropFirst(mark).first(where: isWanted) { return found }
    guard !hasEnded else { throw Failure.ended(process.errors) }
    number += 1
    let id = number
    return try await withCheckedThrowingContinuation { continuation in
      let timer = Task {
        try await Task.sleep(for: Self.patience)
        self.giveUp(event: id, what)
      }
      waits[id] = EventWait(
        session: session, isWanted: isWanted,
        waiter: Waiter(continuation: continuation, timer: timer))
    }
  }

  private func giveUp(event id: Int, _ what: String) {
    waits.removeValue(forKey: id)?.waiter.resume(.failure(Failure.silent(what)))
  }

  private func take(_ message: JSON) {
    if let id = message["id"]?.integer {
      guard let (method, waiter) = answers.removeValue(forKey: Int(id)) else { return }
      if let error = message["error"] {
        waiter.resume(.failure(Failure.refused(method: method, error.text)))
      } else {
        waiter.resume(.success(message["result"] ?? [:]))
      }
      return
    }
    guard let method = message["method"]?.string, Self.kept.contains(method),
      let session = message["sessionId"]?.string
    else { return }
    let event = Event(method: method, params: message["params"] ?? [:])
    if said[session, default: []].count < Self.eventLimit { said[session]?.append(event) }
    for (id, wait) in waits where wait.session == session && wait.isWanted(event) {
      waits.removeValue(forKey: id)?.waiter.resume(.success(event))
    }
  }

  private func end() {
    hasEnded = true
    let failure = Failure.ended(process.errors)
    for (_, waiter) in answers.values { waiter.resume(.failure(failure)) }
    for wait in waits.values { wait.waiter.resume(.failure(failure)) }
    answers = [:]
    waits = [:]
  }
}
