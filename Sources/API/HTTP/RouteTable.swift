import HTTPTypes

/// Finds the route of a request by its path, segment by segment.
///
///     /v1 ─┬─ /messages ──── POST
///          │     └─ /{id} ── GET, DELETE
///          └─ /users ─ /{user} ─ …
struct RouteTable: Sendable {
  enum Outcome: Sendable {
    /// The route's index, and the path's parameters as they came, in order.
    case found(Int, values: [Substring])
    case methodNotAllowed(allowed: [HTTPRequest.Method])
    case unknown
  }

  let routes: [Route]
  private let root: Branch

  init(_ routes: [Route]) {
    self.routes = routes
    var root = Branch()
    for (index, route) in routes.enumerated() {
      root.add(index, route.method, route.path.split(separator: "/")[...])
    }
    self.root = root
  }

  /// - Parameter path: Without the query, as it came.
  func find(_ method: HTTPRequest.Method, _ path: Substring) -> Outcome {
    guard path.utf8.first == UInt8(ascii: "/") else { return .unknown }
    let segments = path.utf8.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    var branch = root
    var values: [Substring] = []
    for segment in segments {
      let segment = Substring(segment)
      if let next = branch.literals[segment] {
        branch = next
      } else if let next = branch.parameter.first, !segment.isEmpty {
        values.append(segment)
        branch = next
      } else {
        return .unknown
      }
    }
    guard !branch.routes.isEmpty else { return .unknown }
    let wanted = method == .head ? .get : method
    guard let index = branch.routes[wanted] else {
      return .methodNotAllowed(
        allowed: branch.routes.keys.sorted { $0.rawValue < $1.rawValue })
    }
    return .found(index, values: values)
  }

  private struct Branch: Sendable {
    var literals: [Substring: Branch] = [:]
    /// One or none; an array, since a value cannot hold itself.
    var parameter: [Branch] = []
    var routes: [HTTPRequest.Method: Int] = [:]

    mutating func add(
      _ index: Int, _ method: HTTPRequest.Method, _ segments: ArraySlice<Substring>
    ) {
      guard let first = segments.first else {
        routes[method] = index
        return
      }
      if first.hasPrefix("{") {
        if parameter.isEmpty { parameter.append(Branch()) }
        parameter[0].add(index, method, segments.dropFirst())
      } else {
        literals[first, default: Branch()].add(index, method, segments.dropFirst())
      }
    }
  }
}
