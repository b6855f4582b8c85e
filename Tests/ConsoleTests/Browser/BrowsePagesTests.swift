import Ledger
import Postgres
import PushCore
import Testing

extension InABrowser {
  @Suite("Browse pages")
  struct BrowsePages {
    @Test("each page holds the rules of form and look, and leads to pages; no browser complains")
    func holdsTheRules() async throws {
      try await InABrowser.look { server, page in
        var links: [String: Set<String>] = [:]
        for visitor in [KnownPage.Visitor.nobody, .admin] {
          try await InABrowser.enter(visitor, server, page)
          for known in KnownPage.all where known.isFor(visitor) {
            try await page.expectRules(known, known.isVariant ? PageLook.some : PageLook.all)
            let found = try await page.lines(
              "[...document.links].map((link) => link.getAttribute('href').split('#')[0])")
            guard known.status == 200 else { continue }
            for link in found where !link.isEmpty {
              links[Self.kind(of: link), default: []].insert(link)
            }
          }
        }
        #expect(links.count > 30, "\(links.keys.sorted())")
        // Three of each kind: they are many, and each kind is made by one line.
        for link in links.values.flatMap({ $0.sorted().prefix(3) }).sorted() {
          let status = try await page.evaluate(
            "fetch(\(BrowserPage.quoted(link))).then((answer) => answer.status)")
          #expect(status == 200, "\(link)")
        }
      }
    }

    @Test("a key that only reads sees no button, and is told of what it may not open")
    func tellsReaders() async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(.reader, server, page)
        let buttons = """
          [...document.querySelectorAll('main form[method=post], main a[href*="/operate/"]')]
            .map((one) => one.outerHTML)
          """
        for known in KnownPage.all where known.visitor != .nobody {
          var known = known
          if known.visitor == .admin { known.status = 403 }
          guard known.status == 403 || !known.isVariant else { continue }
          try await page.expectRules(known, known.isVariant ? [] : PageLook.some)
          #expect(try await page.lines(buttons) == [], "\(known)")
        }
      }
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
        _ = try await server.pool.query(
          """
          insert into dispatch.pauses (app, provider, reason)
          values ('chat', 'apns', $1), ('chat', null, $1)
          """, [String(words.prefix(200))])
        let stuck: Int64 = try await server.pool.query(
          "select failed_position from ledger.checkpoints where projection = 'notifications'"
        )[0].get(0)
        try await InABrowser.enter(.admin, server, page)
        for path in [
          "/console", "/console/operate",
          "/console/operate/resume-projection?projection=notifications",
          "/console/operate/skip?projection=notifications&position=\(stuck)",
          "/console/operate/resume?provider=apns", "/console/operate/resume?provider=all",
        ] {
          try await page.expectRules(KnownPage(name: "trouble", path: path), PageLook.all)
          #expect(
            try await page.text("document.body.innerText").contains("<script>alert(1)"), "\(path)")
        }
      }
    }

    /// Its place and the names of its parameters, without ids and values.
    private static func kind(of link: String) -> String {
      let parts = link.split(separator: "?", maxSplits: 1)
      let place = parts[0].split(separator: "/").prefix(2).joined(separator: "/")
      guard parts.count == 2 else { return place }
      let names = parts[1].split(separator: "&").map { String($0.prefix { $0 != "=" }) }
      return place + "?" + names.joined(separator: "&")
    }
  }
}
