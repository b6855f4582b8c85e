import Foundation
import PushCore

/// What is wrong with a page: in the browser's words, and by the rules of `Rules`.
extension BrowserPage {
  private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Rules")

  private static func rule(_ name: String) throws -> String {
    let file = rules.appendingPathComponent(name + ".js")
    return "(\(try String(contentsOf: file, encoding: .utf8)))"
  }

  /// Names, headings, tables, ids and landmarks.
  func structureFaults() async throws -> [String] {
    try await lines("\(Self.rule("structure"))(\(Self.rule("common"))())")
  }

  /// Contrast, widths, what is cut off, and on a phone room for fingers, with all that can be
  /// unfolded.
  func lookFaults(_ size: Size) async throws -> [String] {
    try await evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    let options = "{ width: \(size.width), isPhone: \(size.isPhone) }"
    return try await lines("\(Self.rule("look"))(\(Self.rule("common"))(), \(options))")
  }

  /// Goes through the page with Tab, from where the focus is until it is there again: reaches all
  /// that can be used, in the order of the page, and the focus is to be seen.
  func keyboardFaults() async throws -> [String] {
    try await evaluate(
      "globalThis.pushledgerKeys = \(Self.rule("keyboard"))(\(Self.rule("common"))()); 0")
    let names = try await lines("pushledgerKeys.names")
    var faults: [String] = []
    var order: [Int] = []
    for _ in 0..<(2 * names.count + 50) {
      try await press(.tab)
      let place = try await evaluate("pushledgerKeys.at()")
      if place["isAgain"] == true { break }
      for fault in place["faults"]?.array ?? [] {
        faults.append("\(fault.string ?? ""): \(place["name"]?.string ?? "")")
      }
      if let stop = place["stop"]?.integer, stop >= 0 { order.append(Int(stop)) }
    }
    let reached = Set(order)
    faults += names.indices.filter { !reached.contains($0) }.map {
      "Tab does not reach \(names[$0])"
    }
    // A page may begin with the focus in its middle: the order goes round.
    if let first = order.firstIndex(of: order.min() ?? 0) {
      let fromFirst = order[first...] + order[..<first]
      if Array(fromFirst) != fromFirst.sorted() {
        faults.append("Tab leaves the order of the page: \(fromFirst.map { names[$0] })")
      }
    }
    return faults
  }

  /// The status of the page that was asked for last.
  func status() async -> Int? {
    await documents().last?["response"]?["status"]?.integer.map { Int($0) }
  }

  private func documents() async -> [JSON] {
    await browser.events(of: session).filter {
      $0.method == "Network.responseReceived" && $0.params["type"] == "Document"
    }.map(\.params)
  }

  /// All that the browser complained of since the page was opened: errors and warnings of scripts,
  /// violations of the page's policy, requests that failed.
  func complaints() async -> [String] {
    let events = await browser.events(of: session)
    let pages = Set(await documents().compactMap { $0["response"]?["url"]?.string })
    var addresses: [String: String] = [:]
    for event in events where event.method == "Network.requestWillBeSent" {
      if let id = event.params["requestId"]?.string {
        addresses[id] = event.params["request"]?["url"]?.string
      }
    }
    return events.compactMap { Self.complaint($0, pages, addresses) }
  }

  /// - Parameters:
  ///   - pages: Addresses of pages, which may say of themselves that they are errors.
  ///   - addresses: Of requests, by their ids.
  private static func complaint(
    _ event: Browser.Event, _ pages: Set<String>, _ addresses: [String: String]
  ) -> String? {
    let params = event.params
    switch event.method {
    case "Runtime.consoleAPICalled":
      guard let type = params["type"]?.string, ["error", "warning", "assert"].contains(type)
      else { return nil }
      let words = params["args"]?.array?.map { $0["value"]?.text ?? $0["description"]?.text ?? "" }
      return "the console says: \((words ?? []).joined(separator: " "))"
    case "Runtime.exceptionThrown":
      let details = params["exceptionDetails"]
      let said = details?["exception"]?["description"] ?? details?["text"]
      return "a script failed: \(said?.string ?? "")"
    case "Runtime.bindingCalled":
      guard params["name"]?.string == violated else { return nil }
      return "the policy forbids: \(params["payload"]?.string ?? "")"
    case "Log.entryAdded":
      let entry = params["entry"]
      guard let level = entry?["level"]?.string, ["error", "warning"].contains(level)
      else { return nil }
      let address = entry?["url"]?.string ?? ""
      if entry?["source"] == "network", pages.contains(address) { return nil }
      return "the log says: \(entry?["text"]?.string ?? "") \(address)"
    case "Audits.issueAdded":
      return "the browser finds: \(params["issue"]?.text ?? "")"
    case "Network.loadingFailed":
      // A stream that ends with its page was called off.
      guard params["canceled"] != true else { return nil }
      let address = params["requestId"]?.string.flatMap { addresses[$0] } ?? ""
      return "a request failed: \(params["errorText"]?.string ?? "") \(address)"
    case "Network.responseReceived":
      guard params["type"] != "Document", let status = params["response"]?["status"]?.integer,
        status >= 400
      else { return nil }
      return "answered with \(status): \(params["response"]?["url"]?.string ?? "")"
    case "Inspector.targetCrashed": return "the page crashed"
    default: return nil
    }
  }
}
