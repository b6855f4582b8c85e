import PushCore
import Testing

extension InABrowser {
  /// The rules find what they are for: a rule that finds nothing proves nothing.
  @Suite("Check page rules")
  struct CheckPageRules {
    private static func page(_ body: String, style: String = "") -> String {
      """
      <!doctype html><html lang="en"><head><title>A page</title>
      <meta name="viewport" content="width=device-width"><style>\(style)</style></head>
      <body><main><h1>A page</h1>\(body)</main></body></html>
      """
    }

    private static let table =
      "<table><caption>C</caption><tr><th scope=col>A</th></tr><tr><td>1</td></tr></table>"

    private static let faultsOfForm: [(body: String, fault: String)] = [
      ("<input>", "a field has no label"),
      ("<label for=a></label><input id=a>", "a field has no label"),
      ("<button></button>", "has no name"),
      ("<a href='/x'><svg aria-hidden=true></svg></a>", "has no name"),
      ("<a>x</a>", "a link leads nowhere"), ("<p id=a></p><p id=a></p>", "an id stands twice"),
      ("<h3>x</h3>", "a heading leaves out h2"), ("<h1>x</h1>", "there are 2 headings h1"),
      ("<svg></svg>", "a picture is neither named nor hidden"),
      ("<svg role=img></svg>", "a picture has a role and no name"),
      ("<svg role=img aria-label=x><a href='/x'>x</a></svg>", "hides links"),
      ("<img src='/x.png'>", "a picture is neither named nor hidden"),
      ("<table><tr><th scope=col>A</th></tr></table>", "a table has no caption"),
      ("<table><caption>C</caption><tr><th>A</th></tr></table>", "a header has no scope"),
      ("<table><caption>C</caption><tr><td>A</td></tr></table>", "a table has no headers"),
      (table.replacing("<td>1", with: "<td>1</td><td>2"), "rows have 1 and 2 cells"),
      ("<p aria-labelledby=no>x</p>", "names “no”, which is not there"),
      ("<a href='#no'>x</a>", "leads to #no, which is not there"),
      ("<p tabindex=3>x</p>", "changes the order of the keyboard"),
      ("<p onclick='x()'>x</p>", "has a script in its attribute onclick"),
      ("<ul></ul>", "a list is empty"), ("<ul><p>x</p></ul>", "is no item"),
      ("<div aria-hidden=true><a href='/x'>x</a></div>", "hidden from screen readers"),
      ("<img alt=x src='https://example.org/x.png'>", "comes from another site"),
    ]

    @Test("the form of a page")
    func findsFaultsOfForm() async throws {
      try await Self.lend { page in
        for (body, fault) in Self.faultsOfForm {
          try await Self.show(Self.page(body), page)
          Self.expect(fault, among: try await page.structureFaults(), of: body)
        }
      }
    }

    private static let faultsOfLook: [(body: String, style: String, fault: String)] = [
      ("<p>x</p>", "p { color: #888; }", "contrast 3.54 of text"),
      ("<p>x</p>", "p { color: color-mix(in srgb, #000 40%, transparent); }", "contrast 2.8"),
      ("<div><p>x</p></div>", "div { opacity: 0.4; }", "contrast 2.8"),
      ("<p>x</p>", "p { color: #fff; background: linear-gradient(#000, #ccc); }", "contrast 1.6"),
      ("<p>x</p>", "p::before { content: 'y'; color: #999; }", "of ::before"),
      ("<input placeholder=x>", "::placeholder { color: #999; }", "of a placeholder"),
      ("<input>", "input { border: 1px solid #ddd; }", "of a field's edge"),
      ("<svg><text y=9>x</text></svg>", "text { fill: #999; }", "contrast 2.8"),
      ("<p>x</p>", "p { width: 900px; }", "the page is"),
      ("<p>x</p>", "main { overflow: visible } p { margin-left: -30px; }", "sticks out"),
      ("<p>words</p>", "p { width: 20px; overflow: hidden; white-space: nowrap; }", "is cut off"),
      (
        "<p>aaaaaaaa</p><b>bbbbbbbb</b>", "p { margin: 0 } b { position: relative; top: -12px; }",
        "runs into"
      ),
      (
        "<a href='/1'>a</a><a href='/2'>b</a>", "a { font-size: 10px; display: block; }",
        "pixels and close to"
      ),
    ]

    @Test("the look of a page")
    func findsFaultsOfLook() async throws {
      try await Self.lend { page in
        for (body, style, fault) in Self.faultsOfLook {
          try await Self.show(Self.page(body, style: style), page)
          Self.expect(fault, among: try await page.lookFaults(.narrow), of: body)
        }
      }
    }

    private static let faultsOfTheKeyboard: [(body: String, style: String, fault: String)] = [
      ("<a href='/1'>a</a>", "a:focus { outline: none; }", "shows no focus"),
      ("<a href='/1'>a</a>", "a { position: fixed; left: -999px; }", "is out of sight"),
      (
        "<a href='/1' tabindex=3>a</a><a href='/2' tabindex=2>b</a><a href='/3' tabindex=1>c</a>",
        "",
        "Tab leaves the order of the page"
      ),
    ]

    @Test("what is done with the keyboard")
    func findsFaultsOfTheKeyboard() async throws {
      try await Self.lend { page in
        for (body, style, fault) in Self.faultsOfTheKeyboard {
          try await Self.show(Self.page(body, style: style), page)
          Self.expect(fault, among: try await page.keyboardFaults(), of: body)
        }
      }
    }

    @Test("a page with nothing wrong has no faults")
    func findsNothing() async throws {
      let body = """
        <h2>x</h2><p><a href='/x'>A link</a> in words</p>\(Self.table)
        <label for=a>Name</label><input id=a><button>Go</button>
        """
      try await Self.lend { page in
        try await Self.show(Self.page(body, style: "input { border: 1px solid #666; }"), page)
        let faults =
          try await page.structureFaults().filter { !$0.hasPrefix("is written into the page") }
          + page.lookFaults(.narrow) + page.keyboardFaults()
        #expect(faults == [])
      }
    }

    @Test("what the browser complains of: scripts, the policy, requests")
    func findsComplaints() async throws {
      try await InABrowser.look { server, page in
        try await InABrowser.enter(.reader, server, page)
        try await page.open("/console")
        #expect(await page.complaints() == [])
        try await page.evaluate(
          """
          console.error('loud');
          document.body.setAttribute('style', 'color: red');
          setTimeout(() => { throw new Error('thrown'); });
          const image = new Image();
          image.src = '/console/nowhere.png';
          fetch('/console/nowhere').then(() => new Promise((resolve) => setTimeout(resolve)));
          """)
        let complaints = await page.complaints().joined(separator: "\n")
        for part in [
          "the console says: \"loud\"", "the policy forbids: style-src-attr", "thrown",
          "answered with 404",
        ] {
          #expect(complaints.contains(part), "\(part)")
        }
      }
    }

    // MARK: Asking

    private static func lend(_ body: (BrowserPage) async throws -> Void) async throws {
      try await InABrowser.look { _, page in
        try await page.show(.narrow, .light)
        try await body(page)
      }
    }

    private static func show(_ html: String, _ page: BrowserPage) async throws {
      let frame = try await page.send("Page.getFrameTree")["frameTree"]?["frame"]?["id"]
      try await page.send(
        "Page.setDocumentContent", ["frameId": frame ?? .null, "html": .string(html)])
    }

    private static func expect(
      _ fault: String, among faults: [String], of body: String
    ) {
      let isFound = faults.contains { $0.contains(fault) }
      #expect(isFound, "\(body): \(fault) is not among \(faults)")
    }
  }
}
