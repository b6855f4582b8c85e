import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import PushCore

/// Puts pages together: a template, what it shows, and the frame around it.
struct PageDesk: Sendable {
  let library: PageLibrary
  let version: String

  /// - Parameter sheet: What the template shows: its properties by their names.
  func page(
    _ template: String, title: String, _ sheet: some Any, _ context: ConsoleContext,
    place: Place? = nil, sought: String = "", live: String? = nil,
    status: HTTPResponse.Status = .ok
  ) -> Response {
    let frame = Frame(
      title: title, assets: Assets.version, csrf: context.session?.formToken ?? "",
      live: live, sought: sought, app: context.session?.caller.app.rawValue ?? "",
      session: context.session.map { Signed($0, release: version, place: place) })
    let members = SheetMembers(of: frame).merging(SheetMembers(of: sheet))
    return .html(library.render(members, template), status: status)
  }

  /// A part of a page, for what is live.
  func fragment(_ template: String, _ sheet: some Any) -> String {
    library.render(SheetMembers(of: sheet), template)
  }
}

/// The places that the head of every page leads to.
enum Place: String, CaseIterable {
  case overview = "Overview"
  case deliveries = "Deliveries"
  case test = "Test push"
  case operate = "Operate"

  var path: String {
    switch self {
    case .overview: Console.path
    case .deliveries: Console.path + "/deliveries"
    case .test: Console.path + "/test"
    case .operate: Console.path + "/operate"
    }
  }
}

/// What the layout shows around a page.
private struct Frame {
  let title: String
  let assets: String
  let csrf: String
  let live: String?
  let sought: String
  let app: String
  let session: Signed?
}

/// What the layout shows to who is signed in.
private struct Signed {
  struct Link {
    let to: String
    let place: String
    let isHere: Bool
  }

  let nav: [Link]
  let scopes: String
  let until: PageTime
  let release: String

  init(_ session: ConsoleSession, release: String, place: Place?) {
    nav = Place.allCases.map { Link(to: $0.path, place: $0.rawValue, isHere: $0 == place) }
    scopes = session.caller.scopes.map(\.rawValue).sorted().joined(separator: ", ")
    until = PageTime(session.expiresAt)
    self.release = release
  }
}

/// A moment, as the partial `time` shows it.
struct PageTime {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  let iso: String
  let text: String

  /// To the minute, without the year.
  init(_ time: Timestamp) {
    iso = time.description
    let parts = iso.prefix(10).split(separator: "-").compactMap { Int($0) }
    if parts.count == 3, Self.months.indices.contains(parts[1] - 1) {
      text = "\(parts[2]) \(Self.months[parts[1] - 1]) \(iso.dropFirst(11).prefix(5))"
    } else {
      text = iso
    }
  }
}

extension Response {
  static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "text/html; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// Leads to another page, by GET.
  static func see(_ path: String) -> Response {
    Response(status: .seeOther, headers: [.location: path])
  }
}
