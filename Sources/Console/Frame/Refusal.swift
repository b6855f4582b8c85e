import HTTPTypes
import Ledger
import Projections

/// Why a page is not shown.
enum Refusal: Error, Equatable {
  /// There is nothing at this path.
  case nothingHere
  /// The session has ended.
  case signedOut
  /// The key lacks a scope.
  case scope(APIScope)
  /// What was sent is not what the page expects; says why.
  case form(String)
  /// A parameter of the address is wrong; says which, and what is expected.
  case address(String)
  /// The app has nothing of this id; says what was looked for.
  case unknown(String)
  /// It is in the app's archive.
  case archived(ArchivedMessage)
  /// It cannot be explained; says why.
  case unexplained(String)
  /// It can't be done as things are; says why, and what to do.
  case state(String)

  var status: HTTPResponse.Status {
    switch self {
    case .nothingHere, .unknown: .notFound
    case .state: .conflict
    case .signedOut: .unauthorized
    case .scope: .forbidden
    case .form, .address: .badRequest
    case .archived: .gone
    case .unexplained: .conflict
    }
  }

  var title: String {
    switch self {
    case .nothingHere: "There is nothing here"
    case .signedOut: "You are signed out"
    case .scope: "The key may not do this"
    case .form, .address, .state: "This cannot be done"
    case .unknown: "Not found"
    case .archived: "It is in the archive"
    case .unexplained: "This cannot be explained"
    }
  }

  var sentence: String {
    switch self {
    case .nothingHere: "No page of the console has this address."
    case .signedOut: "The session has ended: its time was over, or its key was revoked."
    case .scope(let scope): "The key that you signed in with lacks the scope \(scope.rawValue)."
    case .form(let why), .address(let why), .unknown(let why), .unexplained(let why),
      .state(let why):
      why
    case .archived(let message): message.description
    }
  }

  var code: String {
    switch self {
    case .nothingHere: "nothing_here"
    case .signedOut: "signed_out"
    case .scope: "scope_missing"
    case .form: "form_refused"
    case .address: "address_refused"
    case .unknown: "unknown"
    case .archived: "archived"
    case .unexplained: "unexplained"
    case .state: "not_now"
    }
  }
}
