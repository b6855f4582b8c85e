import Foundation
import HTTPTypes
import Ledger
import PushCore
import Testing

@testable import API

/// The parts that need no server.
@Suite struct ReadRequests {
  @Test(
    "decodes percent-encoding strictly",
    arguments: [
      ("abc", "abc"), ("a%20b", "a b"), ("%e4%b8%ad", "中"), ("%E4%B8%AD", "中"), ("a+b", "a+b"),
      ("%25", "%"), ("", ""), ("%", nil), ("%2", nil), ("%zz", nil), ("%ff", nil), ("%c0%80", nil),
    ] as [(String, String?)])
  func decodes(_ text: String, _ expected: String?) {
    #expect(PercentDecoding.decode(text) == expected)
  }

  @Test("reads a query's parameters") func readsQueries() throws {
    let known = ["a", "b"].map { QueryParameter(name: $0, form: .bool, detail: "") }
    let values = try QueryValues("a=x+y%2B&b", known: known)
    #expect(values.text("a") == "x y+")
    #expect(values.text("b") == "")
    #expect(values.text("c") == nil)
  }

  @Test("finds routes by path and method") func findsRoutes() {
    func route(_ method: HTTPRequest.Method, _ path: String) -> Route {
      Route(method, path, .read, Operation(id: path, summary: "")) { _ in throw CancellationError()
      }
    }
    let table = RouteTable([
      route(.get, "/v1/a"), route(.get, "/v1/a/{x}"), route(.post, "/v1/a/{x}"),
      route(.get, "/v1/a/{x}/b/{y}"), route(.get, "/v1/a/all"),
    ])
    func found(_ method: HTTPRequest.Method, _ path: Substring) -> String {
      switch table.find(method, path) {
      case .found(let index, let values): "\(index) \(values.joined(separator: ","))"
      case .methodNotAllowed(let allowed): allowed.map(\.rawValue).joined(separator: ",")
      case .unknown: "-"
      }
    }
    #expect(found(.get, "/v1/a") == "0 ")
    #expect(found(.get, "/v1/a/1") == "1 1")
    #expect(found(.post, "/v1/a/%2F") == "2 %2F")
    #expect(found(.get, "/v1/a/1/b/2") == "3 1,2")
    #expect(found(.get, "/v1/a/all") == "4 ")
    #expect(found(.head, "/v1/a") == "0 ")
    #expect(found(.delete, "/v1/a/1") == "GET,POST")
    for path in ["", "v1/a", "/v1/a/", "/v1", "/v1/a/1/b", "//v1/a", "/v1/a/1/b/2/"] {
      #expect(found(.get, Substring(path)) == "-", "\(path)")
    }
  }

  @Test("makes ids in the order of time, of version 7") func makesIDs() {
    var earlier = OrderedIDs(at: Timestamp(microseconds: 1_700_000_000_000_000))
    var later = OrderedIDs(at: Timestamp(microseconds: 1_700_000_000_001_000))
    let ids = (0..<100).map { _ in earlier.next() }
    #expect(Set(ids).count == 100)
    #expect(ids.allSatisfy { $0.uuidString.dropFirst(14).first == "7" })
    #expect(ids.allSatisfy { "89AB".contains($0.uuidString.dropFirst(19).first ?? "-") })
    let next = later.next().uuidString
    #expect(ids.allSatisfy { $0.uuidString < next })
    #expect(ids[0].uuidString.hasPrefix("018BCFE5-6800-7"))
  }

  @Test("gives large bodies room up to a limit") func boundsBodies() {
    let budget = BodyBudget(bytes: 100)
    #expect(budget.take(60))
    #expect(!budget.take(60))
    #expect(budget.take(40))
    budget.giveBack(60)
    #expect(budget.take(60))
  }

  @Test("every code has a status, a title and a form that stays") func hasCodes() {
    for code in ProblemCode.allCases {
      #expect((400...599).contains(code.status.code))
      #expect(!code.title.isEmpty)
      #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "_" })
    }
    for code in FieldError.Code.allCases {
      #expect(ProblemCode(code).rawValue == code.rawValue)
      #expect(ProblemCode(code).status == .badRequest)
    }
  }

  @Test("writes metrics as Prometheus reads them") func writesMetrics() {
    let family = MetricFamily(
      "x_total", .counter, help: "X.",
      samples: [
        .init(1), .init(2.5, labels: [("a", "q\"\\\n"), ("b", "c")], suffix: "_sum"),
      ])
    #expect(
      MetricFamily.text([family]) == """
        # HELP x_total X.
        # TYPE x_total counter
        x_total 1
        x_total_sum{a="q\\"\\\\\\n",b="c"} 2.5

        """)
  }

  @Test("takes equal JSON for equal, as jsonb does") func comparesJSON() throws {
    func same(_ left: String, _ right: String) throws -> Bool {
      StoredBody.same(try JSON.parse(left), try JSON.parse(right))
    }
    #expect(try same(#"{"a":1,"b":[true,null]}"#, #"{"b":[true,null],"a":1.0}"#))
    #expect(try same("10", "1e1"))
    #expect(try !same("1", "2"))
    #expect(try !same("[1,2]", "[2,1]"))
    #expect(try !same(#"{"a":1}"#, #"{"a":1,"b":2}"#))
    #expect(try !same("\"\u{e9}\"", "\"e\u{301}\""))
  }
}
