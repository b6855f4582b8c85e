import PushCore

/// The mouse and the keyboard.
extension BrowserPage {
  struct Key: Sendable {
    static let tab = Key(name: "Tab", code: "Tab", number: 9)
    static let enter = Key(name: "Enter", code: "Enter", number: 13, text: "\r")
    static let escape = Key(name: "Escape", code: "Escape", number: 27)
    static let slash = Key(name: "/", code: "Slash", number: 191, text: "/")
    static let space = Key(name: " ", code: "Space", number: 32, text: " ")
    static let home = Key(name: "Home", code: "Home", number: 36)
    static let left = Key(name: "ArrowLeft", code: "ArrowLeft", number: 37)
    static let right = Key(name: "ArrowRight", code: "ArrowRight", number: 39)

    var name: String
    var code: String
    var number: Int
    /// What it writes; nil: nothing.
    var text: String?
  }

  /// What one works with: the mouse, or the keyboard alone.
  enum Hand: String, Sendable, CaseIterable { case mouse, keyboard }

  /// Follows a link, presses a button, ticks a box, or goes into a field.
  func use(_ selector: String, by hand: Hand) async throws {
    guard hand == .keyboard else { return try await click(selector) }
    try await tab(to: selector)
    switch try await text("document.activeElement.type ?? document.activeElement.localName") {
    case "text", "textarea", "search": break
    case "checkbox": try await press(.space)
    default: try await press(.enter)
    }
  }

  /// The same, where that leads to another page.
  func go(_ selector: String, by hand: Hand) async throws {
    try await loading { try await use(selector, by: hand) }
  }

  /// Goes into a field and writes there, in place of what stands there.
  func fill(_ selector: String, with text: String, by hand: Hand) async throws {
    try await use(selector, by: hand)
    try await evaluate("document.activeElement.select()")
    try await type(text)
  }

  /// Clicks into the middle of an element, as a hand does: what lies above it gets the click.
  func click(_ selector: String) async throws {
    let place = try await evaluate(
      """
      (() => {
        const element = document.querySelector(\(Self.quoted(selector)));
        if (!element) return 'is not there';
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        const box = element.getClientRects()[0];
        if (!box) return 'is not shown';
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        const hit = document.elementFromPoint(x, y);
        const isHit = element.contains(hit) || element.labels && [...element.labels].includes(hit);
        return isHit ? [x, y] : 'lies under ' + (hit ? hit.outerHTML.slice(0, 200) : 'nothing');
      })()
      """)
    guard let point = place.array, point.count == 2 else {
      throw Unmet(description: "\(selector) \(place.string ?? "is nowhere")")
    }
    for (type, presses) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 1)] {
      try await send(
        "Input.dispatchMouseEvent",
        [
          "type": .string(type), "x": point[0], "y": point[1], "clickCount": .integer(presses),
          "button": presses == 0 ? "none" : "left",
        ])
    }
  }

  func press(_ key: Key, shift: Bool = false) async throws {
    for type in [key.text == nil ? "rawKeyDown" : "keyDown", "keyUp"] {
      try await send(
        "Input.dispatchKeyEvent",
        .object(present: [
          ("type", .string(type)), ("key", .string(key.name)), ("code", .string(key.code)),
          ("windowsVirtualKeyCode", .integer(key.number)), ("modifiers", shift ? 8 : 0),
          ("text", type == "keyDown" ? key.text.map { .string($0) } : nil),
        ]))
    }
  }

  /// Writes into whatever has the focus, a character at a time.
  func type(_ text: String) async throws {
    for character in text {
      try await send("Input.dispatchKeyEvent", ["type": "char", "text": .string("\(character)")])
    }
  }

  /// Presses Tab until an element has the focus.
  func tab(to selector: String, atMost presses: Int = 400) async throws {
    for _ in 0..<presses {
      try await press(.tab)
      if try await isFocused(selector) { return }
    }
    throw Unmet(description: "\(presses) presses of Tab do not lead to \(selector).")
  }

  func isFocused(_ selector: String) async throws -> Bool {
    try await isTrue("document.activeElement.matches(\(Self.quoted(selector)))")
  }

  /// Signs in with the mouse, and waits for the page that comes then.
  func signIn(_ key: String, to path: String = "/console/sign-in") async throws {
    try await open(path)
    try await click("#key")
    try await type(key)
    try await loading { try await click("button.main") }
  }

  static func quoted(_ text: String) -> String { JSON.string(text).text }
}
