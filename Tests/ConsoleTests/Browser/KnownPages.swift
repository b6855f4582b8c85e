/// A page of the console, as ``ConsoleHistory`` has it.
struct KnownPage: Sendable, CustomStringConvertible {
  enum Visitor: Sendable { case nobody, reader, admin }

  /// What its picture is called.
  var name: String
  var path: String
  var visitor = Visitor.reader
  var status = 200

  var description: String { path }

  /// Whether somebody with that key has it as this says.
  func isFor(_ visitor: Visitor) -> Bool {
    switch self.visitor {
    case .nobody: visitor == .nobody
    case .reader: visitor != .nobody
    case .admin: visitor == .admin
    }
  }
}

extension KnownPage {
  /// Every page that the tests look at, in every size and colour, with and without scripts, and with
  /// the keyboard alone.
  static let all: [KnownPage] = [
    KnownPage(name: "sign-in", path: "/console/sign-in?next=%2Fconsole", visitor: .nobody),
    KnownPage(name: "overview", path: "/console"),
    KnownPage(name: "overview-hour", path: "/console?span=hour"),
    KnownPage(name: "overview-week", path: "/console?span=week"),
    KnownPage(name: "refused-address", path: "/console?span=year", status: 400),
    KnownPage(name: "nothing-here", path: "/console/nowhere", status: 404),
  ]

  /// Pages that are written on other branches. Each moves to `all` when it is there.
  static let coming: [KnownPage] = [
    KnownPage(name: "search", path: search("tom")),
    KnownPage(name: "search-nothing", path: search("nothing of this name")),
    KnownPage(name: "search-hostile", path: search(ConsoleHistory.hostileUser)),
    KnownPage(name: "message", path: message(ConsoleHistory.opened)),
    KnownPage(name: "message-suppressed", path: message(ConsoleHistory.suppressed)),
    KnownPage(name: "message-refused", path: message(ConsoleHistory.refused)),
    KnownPage(name: "message-retried", path: message(ConsoleHistory.retried)),
    KnownPage(name: "message-recalled", path: message(ConsoleHistory.recalled)),
    KnownPage(name: "message-group", path: message(ConsoleHistory.crowd)),
    KnownPage(name: "message-hostile", path: message(ConsoleHistory.hostileMessage)),
    KnownPage(name: "message-unknown", path: message("m-nobody-sent"), status: 404),
    KnownPage(name: "user", path: user("tom")),
    KnownPage(name: "user-then", path: user("tom") + "?at=200"),
    KnownPage(name: "user-without-devices", path: user("ana")),
    KnownPage(name: "user-hostile", path: user(ConsoleHistory.hostileUser)),
    KnownPage(name: "user-unknown", path: user("nobody"), status: 404),
    KnownPage(name: "group", path: group(ConsoleHistory.group)),
    KnownPage(name: "group-hostile", path: group(ConsoleHistory.hostileGroup)),
    KnownPage(name: "deliveries", path: "/console/deliveries"),
    KnownPage(name: "operate", path: "/console/operate", visitor: .admin),
    KnownPage(
      name: "erase", path: "/console/operate/erase?user=\(encoded("tom"))", visitor: .admin),
    KnownPage(
      name: "erase-hostile",
      path: "/console/operate/erase?user=\(encoded(ConsoleHistory.hostileUser))", visitor: .admin),
    KnownPage(name: "test", path: "/console/test", visitor: .admin),
  ]

  static func message(_ id: String) -> String { "/console/messages/\(encoded(id))" }
  static func user(_ id: String) -> String { "/console/users/\(encoded(id))" }
  static func group(_ id: String) -> String { "/console/groups/\(encoded(id))" }
  static func search(_ text: String) -> String { "/console/search?q=\(encoded(text))" }

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain =
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      let digits = String(byte, radix: 16, uppercase: true)
      return isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.count < 2 ? "0" : "") + digits
    }.joined()
  }
}
