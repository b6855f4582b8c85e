import Foundation
import PushCore

/// A page of a browser, with cookies of its own.
struct BrowserPage: Sendable {
  struct Size: Sendable, CustomStringConvertible {
    static let narrow = Size(width: 360, height: 740)
    static let phone = Size(width: 390, height: 844)
    static let desktop = Size(width: 1_440, height: 900)

    var width: Int
    var height: Int

    var isPhone: Bool { width < 500 }
    var description: String { "\(width) × \(height)" }
  }

  enum Scheme: String, Sendable { case light, dark }

  struct Unmet: Error, CustomStringConvertible {
    var description: String
  }

  private static let domains = ["Page", "Runtime", "Log", "Network", "Audits"]
  /// What a script calls when the page's policy forbids something.
  static let violated = "pushledgerViolated"

  /// Runs before a page's own scripts. Where a page is live, all that is live comes once at once.
  private static let watch = """
    document.addEventListener('securitypolicyviolation', (event) =>
      \(violated)(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    let firsts = new Map();
    document.addEventListener('DOMContentLoaded', () => {
      for (const element of document.querySelectorAll('[data-live]')) {
        if (element.firstElementChild) firsts.set(element.dataset.live, element.firstElementChild);
      }
    });
    globalThis.pushledgerAwaited = () => {
      if (!document.body.dataset.liveFrom) return [];
      const waiting = [...firsts].filter(([, first]) => first.isConnected).map(([name]) => name);
      return document.querySelector('[data-live-mark="on"]') ? waiting : ['mark', ...waiting];
    };
    """

  let browser: Browser
  let session: String
  /// Has the cookies; pages of one know each other's.
  private let context: JSON
  /// Such as `http://127.0.0.1:8080`.
  let origin: String
  var runsScripts = true

  /// Opens one, lends it, and closes it with all that was opened beside it.
  static func lend(
    _ browser: Browser, at origin: String, _ body: (BrowserPage) async throws -> Void
  ) async throws {
    let made = try await browser.send("Target.createBrowserContext")
    let context = made["browserContextId"] ?? .null
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body(BrowserPage(browser, at: origin, in: context)))
    } catch {
      outcome = .failure(error)
    }
    try await browser.send("Target.disposeBrowserContext", ["browserContextId": context])
    try outcome.get()
  }

  /// Another page of the same person, in a window beside this one.
  func another() async throws -> BrowserPage {
    try await BrowserPage(browser, at: origin, in: context)
  }

  private init(_ browser: Browser, at origin: String, in context: JSON) async throws {
    self.browser = browser
    self.origin = origin
    self.context = context
    let target = try await browser.send(
      "Target.createTarget",
      ["url": "about:blank", "browserContextId": context, "newWindow": true])
    let attached = try await browser.send(
      "Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": true])
    session = attached["sessionId"]?.string ?? ""
    for domain in Self.domains { try await send("\(domain).enable") }
    try await send("Emulation.setFocusEmulationEnabled", ["enabled": true])
    try await send("Runtime.addBinding", ["name": .string(Self.violated)])
    try await send("Page.addScriptToEvaluateOnNewDocument", ["source": .string(Self.watch)])
    try await show(.desktop, .light)
  }

  @discardableResult
  func send(_ method: String, _ params: JSON = [:]) async throws -> JSON {
    try await browser.send(method, params, to: session)
  }

  // MARK: What it looks like

  func show(_ size: Size, _ scheme: Scheme) async throws {
    try await send(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .integer(size.width), "height": .integer(size.height), "deviceScaleFactor": 1,
        "mobile": .bool(size.isPhone),
      ])
    try await send(
      "Emulation.setEmulatedMedia",
      [
        "features": [
          ["name": "prefers-color-scheme", "value": .string(scheme.rawValue)],
          ["name": "prefers-reduced-motion", "value": "reduce"],
        ]
      ])
  }

  mutating func stopScripts() async throws {
    runsScripts = false
    try await send("Emulation.setScriptExecutionDisabled", ["value": true])
  }

  /// The whole page, down to a height at most, as PNG.
  func picture(maxHeight: Int) async throws -> Data {
    let size = try await send("Page.getLayoutMetrics")["cssContentSize"]
    let height = min(size?["height"]?.integer ?? 0, Int64(maxHeight))
    let picture = try await send(
      "Page.captureScreenshot",
      [
        "format": "png", "captureBeyondViewport": true, "optimizeForSpeed": false,
        "clip": [
          "x": 0, "y": 0, "width": size?["width"] ?? .null, "height": .integer(height), "scale": 1,
        ],
      ])
    guard let data = Data(base64Encoded: picture["data"]?.string ?? "") else {
      throw Unmet(description: "The picture cannot be read.")
    }
    return data
  }

  func screenshot(to file: URL, maxHeight: Int) async throws {
    try await picture(maxHeight: maxHeight).write(to: file)
  }

  // MARK: Where it is

  /// Opens a path and waits until it is there, and all that is live in it came once.
  ///
  /// - Returns: The status of the answer.
  @discardableResult
  func open(_ path: String) async throws -> Int {
    await browser.forget(session)
    try await loading {
      let answer = try await send("Page.navigate", ["url": .string(origin + path)])
      if let problem = answer["errorText"]?.string {
        throw Unmet(description: "\(path): \(problem)")
      }
    }
    return await status() ?? 0
  }

  /// Does something that leads to another page, and waits until that is there.
  func loading(_ act: () async throws -> Void) async throws {
    let mark = await browser.mark(session)
    try await act()
    _ = try await browser.event(of: session, after: mark, "no page was loaded") { event in
      event.method == "Page.loadEventFired"
    }
    try await settle()
  }

  /// Waits until what is live in the page is so.
  private func settle() async throws {
    guard runsScripts else { return }
    try await until("pushledgerAwaited().length === 0", otherwise: "pushledgerAwaited()")
  }

  /// The path and the query that it is at.
  func path() async throws -> String {
    try await text("location.pathname + location.search")
  }

  // MARK: What it holds

  /// The value of an expression; a promise's once it is kept.
  @discardableResult
  func evaluate(_ script: String) async throws -> JSON {
    let answer = try await send(
      "Runtime.evaluate",
      ["expression": .string(script), "returnByValue": true, "awaitPromise": true])
    if let problem = answer["exceptionDetails"] {
      let said = problem["exception"]?["description"]?.string ?? problem.text
      throw Unmet(description: "\(script.prefix(200)): \(said)")
    }
    return answer["result"]?["value"] ?? .null
  }

  func text(_ script: String) async throws -> String { try await evaluate(script).string ?? "" }

  func isTrue(_ script: String) async throws -> Bool { try await evaluate(script) == true }

  func lines(_ script: String) async throws -> [String] {
    try await evaluate(script).array?.compactMap(\.string) ?? []
  }

  /// Waits until an expression holds; looks again at every change of the page.
  ///
  /// - Parameter otherwise: An expression for what is said where it does not in time.
  func until(_ condition: String, otherwise: String = "document.title") async throws {
    let seconds = Browser.patience.components.seconds - 10
    let problem = try await text(
      """
      new Promise((resolve) => {
        let timer = 0;
        const watch = new MutationObserver(() => look());
        const look = () => {
          if (!(\(condition))) return;
          watch.disconnect();
          clearTimeout(timer);
          resolve('');
        };
        watch.observe(document, {
          subtree: true, childList: true, attributes: true, characterData: true,
        });
        timer = setTimeout(() => {
          watch.disconnect();
          resolve('it does not hold: ' + JSON.stringify(\(otherwise)));
        }, \(seconds * 1_000));
        look();
      })
      """)
    guard problem.isEmpty else { throw Unmet(description: "\(condition): \(problem)") }
  }
}
