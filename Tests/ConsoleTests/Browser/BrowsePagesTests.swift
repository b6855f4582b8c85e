import Ledger
import Postgres
import PushCore
import Testing

extension InABrowser {
  @Suite("Browse pages")
  struct BrowsePages {
    struct Look: Sendable, CustomStringConvertible {
      var size: BrowserPage.Size
      var scheme: BrowserPage.Scheme

      var description: String { "\(size), \(scheme.rawValue)" }

      static let all = [
        Look(size: .narrow, scheme: .light), Look(size: .narrow, scheme: .dark),
        Look(size: .phone, scheme: .light), Look(size: .desktop, scheme: .light),
        Look(size: .desktop, scheme: .dark),
      ]
      /// For pages that are looked at in all of them already, with fewer buttons.
      static let some = [
        Look(size: .narrow, scheme: .dark), Look(size: .desktop, scheme: .light),
      ]
    }

    @Test(
      "each page holds the rules of its form and look, and the browser complains of nothing",
      arguments: [KnownPage.Visitor.nobody, .reader, .admin])
    func holdsTheRules(visitor: KnownPage.Visitor) async throws {
      try await InABrowser.run { server, page in
        try await InABrowser.enter(visitor, server, page)
        for known in KnownPage.all where known.isFor(visitor) {
          for look in visitor == .admin ? Look.some : Look.all {
            try await page.show(look.size, look.scheme)
            try await expectRules(known, look, page)
          }
        }
      }
    }

    private func expectRules(
      _ known: KnownPage, _ look: Look, _ page: BrowserPage
    ) async throws {
      #expect(try await page.open(known.path) == known.status, "\(known)")
      let faults =
        try await page.structureFaults() + page.lookFaults(look.size) + page.complaints()
      #expect(faults == [], "\(known), \(look)")
    }

    @Test("so it does when everything is wrong at once, in words that mean something to a browser")
    func holdsTheRulesInTrouble() async throws {
      try await InABrowser.run { server, page in
        let words =
          "<script>alert(1)</script>\u{202E}sdrawkcab " + String(repeating: "w", count: 300)
        _ = try await server.pool.query(
          "insert into dispatch.refused_credentials values ('d', 'chat', 'apns', $1, $1, 'infinity')",
          [words])
        _ = try await server.pool.query(
          """
          insert into dispatch.circuits
          values ('d', 'apns', null, null, 'api.push.apple.com', 'open', 0, now(), $1, 'infinity'),
            ('d', 'fcm', 'chat', $1, null, 'probing', 0, null, $1, 'infinity')
          """, [words])
        _ = try await server.pool.query(
          """
          update ledger.checkpoints set position = position - 12, failed_at = now(),
            failed_position = position - 11, failure = $1
          """, [words])
        try await InABrowser.enter(.reader, server, page)
        for look in Look.all {
          try await page.show(look.size, look.scheme)
          try await expectRules(KnownPage(name: "trouble", path: "/console"), look, page)
          #expect(try await page.text("document.body.innerText").contains("<script>alert(1)"))
        }
      }
    }

    @Test("every link of a page leads to a page")
    func leadsSomewhere() async throws {
      try await InABrowser.run { server, page in
        try await InABrowser.enter(.admin, server, page)
        let coming = Set(KnownPage.coming.map { $0.path.prefix { $0 != "?" } })
        var links: Set<String> = []
        for known in KnownPage.all where known.isFor(.admin) {
          try await page.open(known.path)
          links.formUnion(
            try await page.lines(
              "[...document.links].map((link) => link.getAttribute('href').split('#')[0])"))
        }
        #expect(links.contains("/console"))
        for link in links.sorted()
        where !link.isEmpty && !coming.contains(link.prefix { $0 != "?" }) {
          let status = try await page.evaluate(
            "fetch(\(BrowserPage.quoted(link))).then((answer) => answer.status)")
          #expect(status == 200, "\(link)")
        }
      }
    }
  }
}
