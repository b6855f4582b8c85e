import Testing

/// How a page is looked at.
struct PageLook: Sendable, CustomStringConvertible {
  static let all = [
    PageLook(size: .desktop, scheme: .light), PageLook(size: .desktop, scheme: .dark),
    PageLook(size: .phone, scheme: .light), PageLook(size: .narrow, scheme: .dark),
  ]
  /// For pages of a form that is looked at in all of them already.
  static let some = [
    PageLook(size: .desktop, scheme: .light), PageLook(size: .narrow, scheme: .dark),
  ]

  var size: BrowserPage.Size
  var scheme: BrowserPage.Scheme

  var description: String { "\(size), \(scheme.rawValue)" }
}

extension BrowserPage {
  /// Opens a page, and expects of it what ``expectRules(of:_:)`` does.
  func expectRules(_ known: KnownPage, _ looks: [PageLook]) async throws {
    #expect(try await open(known.path) == known.status, "\(known)")
    try await expectRules(of: known.path, looks)
  }

  /// Expects no fault of the form of the page that is open, none of its look in any of some ways, and
  /// that the browser complained of nothing.
  func expectRules(of name: String, _ looks: [PageLook]) async throws {
    for look in looks {
      try await show(look.size, look.scheme)
      let faults = try await structureFaults() + lookFaults(look.size)
      #expect(faults == [], "\(name), \(look)")
    }
    #expect(await complaints() == [], "\(name)")
  }
}
