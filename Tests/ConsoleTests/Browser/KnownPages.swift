import Foundation
import Ledger
import PushCore

/// A page of the console, as ``ConsoleHistory`` has it.
struct KnownPage: Sendable, CustomStringConvertible {
  enum Visitor: Sendable { case nobody, reader, admin }

  /// What its picture is called.
  var name: String
  var path: String
  /// Who may open it; another key of lower scope is told that it may not.
  var visitor = Visitor.reader
  var status = 200
  /// Of the same form as one before it, so that it is looked at in fewer ways.
  var isVariant = false

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
  static let all = frame + messages + people + lists + orders + refusals

  private static let frame: [KnownPage] = [
    KnownPage(name: "sign-in", path: "/console/sign-in?next=%2Fconsole", visitor: .nobody),
    KnownPage(name: "overview", path: "/console"),
    KnownPage(name: "overview-hour", path: "/console?span=hour", isVariant: true),
    KnownPage(name: "overview-week", path: "/console?span=week", isVariant: true),
    KnownPage(name: "search-what", path: "/console/search"),
    KnownPage(name: "search", path: search("phone")),
    KnownPage(name: "search-one", path: search("tom"), isVariant: true),
    KnownPage(name: "search-provider-id", path: search(ConsoleHistory.providerID), isVariant: true),
    KnownPage(name: "search-nothing", path: search("nothing of this name"), status: 404),
    KnownPage(
      name: "search-hostile", path: search("<script>alert(5)</script>\u{202E}"), status: 404,
      isVariant: true),
  ]

  private static let messages: [KnownPage] = [
    KnownPage(name: "message", path: message(ConsoleHistory.opened)),
    KnownPage(
      name: "message-user", path: message(ConsoleHistory.opened) + "?user=tom", isVariant: true),
    KnownPage(
      name: "message-device", path: message(ConsoleHistory.opened) + "?user=tom&device=ipad",
      isVariant: true),
    KnownPage(
      name: "message-of-delivery",
      path: "/console/deliveries/" + delivery(ConsoleHistory.opened, "tom", "pixel"),
      isVariant: true),
    KnownPage(name: "message-suppressed", path: message(ConsoleHistory.suppressed)),
    KnownPage(name: "message-refused", path: message(ConsoleHistory.refused), isVariant: true),
    KnownPage(name: "message-retried", path: message(ConsoleHistory.retried)),
    KnownPage(name: "message-recalled", path: message(ConsoleHistory.recalled), isVariant: true),
    KnownPage(name: "message-waiting", path: message(ConsoleHistory.waiting), isVariant: true),
    KnownPage(name: "message-group", path: message(ConsoleHistory.crowd)),
    KnownPage(name: "message-rows", path: message(ConsoleHistory.crowd) + "?after=first"),
    KnownPage(
      name: "message-member", path: message(ConsoleHistory.crowd) + "?user=crew-4&device=phone",
      isVariant: true),
    KnownPage(name: "message-hostile", path: message(ConsoleHistory.hostileMessage)),
    KnownPage(
      name: "message-hostile-group", path: message(ConsoleHistory.hostileGroupMessage),
      isVariant: true),
  ]

  private static let people: [KnownPage] = [
    KnownPage(name: "user", path: user("tom")),
    KnownPage(name: "user-then", path: user("tom") + "?at=\(ConsoleHistory.then)"),
    KnownPage(
      name: "user-at-a-time", path: user("tom") + "?at=2026-01-31T09:30:00Z", isVariant: true),
    KnownPage(name: "user-without-devices", path: user("ana"), isVariant: true),
    KnownPage(name: "user-hostile", path: user(ConsoleHistory.hostileUser)),
    KnownPage(
      name: "user-hostile-then",
      path: user(ConsoleHistory.hostileUser) + "?at=\(ConsoleHistory.then)", isVariant: true),
    KnownPage(name: "group", path: group(ConsoleHistory.group)),
    KnownPage(
      name: "group-next", path: group(ConsoleHistory.group) + "?after=crew-50", isVariant: true),
    KnownPage(name: "group-hostile", path: group(ConsoleHistory.hostileGroup)),
  ]

  private static let lists: [KnownPage] =
    [KnownPage(name: "deliveries", path: deliveries("", ""))]
    + [
      ("status", "due"), ("status", "refused"), ("status", "suppressed"), ("status", "pushed"),
      ("provider", "webpush"), ("platform", "ipad"), ("reason", "BadMessage"),
      ("version", "5.1.3"), ("version", "<i>none</i>"), ("group", ConsoleHistory.group),
      ("group", ConsoleHistory.hostileGroup), ("user", "tom"), ("user", ConsoleHistory.hostileUser),
      ("until", "2026-01-31T09:30"),
    ].map { name, value in
      KnownPage(
        name: "deliveries-\(name)", path: deliveries(name, value), isVariant: true)
    }

  private static let orders: [KnownPage] = [
    KnownPage(name: "operate", path: "/console/operate"),
    KnownPage(name: "ask", path: "/console/operate/pause?provider=apns", visitor: .admin),
    KnownPage(
      name: "ask-app", path: "/console/operate/pause?provider=all", visitor: .admin,
      isVariant: true),
    KnownPage(
      name: "ask-resume", path: "/console/operate/resume?provider=fcm", visitor: .admin,
      isVariant: true),
    KnownPage(
      name: "ask-pause-projection",
      path: "/console/operate/pause-projection?projection=notifications", visitor: .admin,
      isVariant: true),
    KnownPage(
      name: "ask-resume-projection",
      path: "/console/operate/resume-projection?projection=notifications", visitor: .admin,
      isVariant: true),
    KnownPage(name: "ask-rebuild", path: "/console/operate/rebuild", visitor: .admin),
    KnownPage(name: "erase", path: erase("tom"), visitor: .admin),
    KnownPage(name: "erase-hostile", path: erase(ConsoleHistory.hostileUser), visitor: .admin),
    KnownPage(name: "erase-nobody", path: erase("nobody"), visitor: .admin, isVariant: true),
    KnownPage(name: "test-whom", path: "/console/test", visitor: .admin),
    KnownPage(name: "test-device", path: "/console/test?user=tom", visitor: .admin),
    KnownPage(name: "test-push", path: "/console/test?user=tom&device=pixel", visitor: .admin),
    KnownPage(
      name: "test-logged-out", path: "/console/test?user=kim&device=desktop", visitor: .admin,
      isVariant: true),
    KnownPage(
      name: "test-hostile", path: "/console/test?user=\(encoded(ConsoleHistory.hostileUser))",
      visitor: .admin, isVariant: true),
  ]

  /// What is not there, and what cannot be asked for.
  private static let refusals: [KnownPage] = [
    ("/console/nowhere", .reader, 404), (message("m-nobody-sent"), .reader, 404),
    (user("nobody"), .reader, 404), (user("tom") + "?at=never", .reader, 400),
    (group("<b>no</b>"), .reader, 404), (group("crew") + "?after=%00", .reader, 400),
    (message(ConsoleHistory.crowd) + "?after=second", .reader, 400),
    ("/console/deliveries/6ba7b810-9dad-11d1-80b4-00c04fd430c8", .reader, 404),
    ("/console/deliveries/none", .reader, 400), ("/console?span=year", .reader, 400),
    (deliveries("status", "<b>lost</b>"), .reader, 400),
    (deliveries("from", "yesterday"), .reader, 400),
    (search(String(repeating: "long", count: 100)), .reader, 400),
    ("/console/operate/pause?provider=%3Cb%3E", .admin, 400),
    ("/console/operate/skip?projection=notifications&position=1", .admin, 404),
    ("/console/operate/erase", .admin, 400),
    ("/console/test?user=tom&device=none", .admin, 404),
  ].map { path, visitor, status in
    KnownPage(name: "refused", path: path, visitor: visitor, status: status, isVariant: true)
  }

  static func message(_ id: String) -> String { "/console/messages/\(encoded(id))" }
  static func user(_ id: String) -> String { "/console/users/\(encoded(id))" }
  static func group(_ id: String) -> String { "/console/groups/\(encoded(id))" }
  static func search(_ text: String) -> String { "/console/search?q=\(encoded(text))" }
  static func erase(_ user: String) -> String { "/console/operate/erase?user=\(encoded(user))" }

  static func deliveries(_ name: String, _ value: String) -> String {
    "/console/deliveries" + (name.isEmpty ? "" : "?\(name)=\(encoded(value))")
  }

  /// A delivery's id, as addresses and forms have it.
  static func delivery(_ message: String, _ user: String, _ device: String) -> String {
    DeliveryID.make(
      app: ConsoleServer.app, message: MessageID(unchecked: message),
      user: UserID(unchecked: user), device: DeviceID(unchecked: device)
    ).uuidString.lowercased()
  }

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
