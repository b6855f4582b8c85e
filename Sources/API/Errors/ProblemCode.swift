import HTTPTypes
import PushCore

/// Everything that can be wrong with a request or with serving it: the one table of errors to
/// HTTP status.
///
/// The raw value is the `code` of the answer and the label of the metric; released, it never
/// changes. What clients did wrong is 4xx; 5xx is never the answer to bad input.
enum ProblemCode: String, CaseIterable, Sendable {
  // A field, by its FieldError.Code.
  case missing
  case wrongType = "wrong_type"
  case tooLong = "too_long"
  case tooShort = "too_short"
  case outOfRange = "out_of_range"
  case badCharacter = "bad_character"
  case badFormat = "bad_format"
  case unknownValue = "unknown_value"
  case unknownField = "unknown_field"
  case malformed
  // The request.
  case malformedJSON = "malformed_json"
  case keyMissing = "key_missing"
  case keyUnknown = "key_unknown"
  case scopeMissing = "scope_missing"
  case signatureRefused = "signature_refused"
  case routeUnknown = "route_unknown"
  case methodNotAllowed = "method_not_allowed"
  case bodyTooLarge = "body_too_large"
  case mediaTypeUnsupported = "media_type_unsupported"
  // What it is about.
  case messageUnknown = "message_unknown"
  case deliveryUnknown = "delivery_unknown"
  case unknownApp = "unknown_app"
  case notLoggedIn = "not_logged_in"
  case notOnStream = "not_on_stream"
  case streamConflict = "stream_conflict"
  case idReused = "id_reused"
  case eventRefused = "event_refused"
  case archived
  case subscriptionUnknown = "subscription_unknown"
  case subscriptionDiffers = "subscription_differs"
  case subscriptionHeld = "subscription_held"
  case tooManySubscriptions = "too_many_subscriptions"
  case leaseLost = "lease_lost"
  case acknowledgementRefused = "acknowledgement_refused"
  // The server.
  case appendFull = "append_full"
  case tooBusy = "too_busy"
  case ledgerUnavailable = "ledger_unavailable"
  case stopping
  case notReady = "not_ready"
  case projectionBehind = "projection_behind"
  case ledgerFailed = "ledger_failed"
  case `internal`

  var status: HTTPResponse.Status { entry.status }
  /// A short sentence that is the same for every problem of this code.
  var title: String { entry.title }

  private var entry: (status: HTTPResponse.Status, title: String) {
    switch self {
    case .missing: (.badRequest, "A required field is missing")
    case .wrongType: (.badRequest, "A field has the wrong type")
    case .tooLong: (.badRequest, "A field is too long")
    case .tooShort: (.badRequest, "A field is too short")
    case .outOfRange: (.badRequest, "A number is out of its range")
    case .badCharacter: (.badRequest, "A field holds a character that is not allowed")
    case .badFormat: (.badRequest, "A field is not in the expected form")
    case .unknownValue: (.badRequest, "A field has none of the values it may have")
    case .unknownField: (.badRequest, "A field is not known")
    case .malformed: (.badRequest, "A part of the request cannot be read")
    case .malformedJSON: (.badRequest, "The body is not valid JSON")
    case .keyMissing: (.unauthorized, "An API key is needed")
    case .keyUnknown: (.unauthorized, "The API key is not valid")
    case .scopeMissing: (.forbidden, "The API key lacks a scope")
    case .signatureRefused: (.unauthorized, "The UserSig is missing or not valid")
    case .routeUnknown: (.notFound, "There is nothing at this path")
    case .methodNotAllowed: (.methodNotAllowed, "The path does not take this method")
    case .bodyTooLarge: (.contentTooLarge, "The body is too large")
    case .mediaTypeUnsupported: (.unsupportedMediaType, "The body's type is not taken here")
    case .messageUnknown: (.notFound, "The app has no such message")
    case .deliveryUnknown: (.notFound, "The app has no such delivery")
    case .unknownApp: (.notFound, "The app does not exist")
    case .notLoggedIn: (.conflict, "The device is not logged in")
    case .notOnStream: (.conflict, "The device is not told on a stream")
    case .streamConflict: (.conflict, "The stream has gone on")
    case .idReused: (.conflict, "The id was used for something else")
    case .eventRefused: (.unprocessableContent, "The database refused an event")
    case .archived: (.gone, "It is in the app's archive, and not here any more")
    case .subscriptionUnknown: (.notFound, "The app has no such subscription")
    case .subscriptionDiffers: (.conflict, "The subscription is there, and another one")
    case .subscriptionHeld: (.conflict, "Another consumer reads the subscription")
    case .tooManySubscriptions: (.conflict, "The app has as many subscriptions as it may")
    case .leaseLost: (.conflict, "The lease of the subscription is another's now")
    case .acknowledgementRefused: (.conflict, "The position cannot be acknowledged")
    case .appendFull: (.serviceUnavailable, "Too much is waiting to be stored")
    case .tooBusy: (.serviceUnavailable, "Too many requests of this kind at once")
    case .ledgerUnavailable: (.serviceUnavailable, "The ledger's database does not answer")
    case .stopping: (.serviceUnavailable, "The server is stopping")
    case .notReady: (.serviceUnavailable, "The server is not ready")
    case .projectionBehind: (.gatewayTimeout, "The projection is not there yet")
    case .ledgerFailed: (.internalServerError, "The ledger cannot be used")
    case .internal: (.internalServerError, "Something went wrong here")
    }
  }

  /// Whether the same request may succeed a little later.
  var isTemporary: Bool { status == .serviceUnavailable || status == .gatewayTimeout }

  init(_ code: FieldError.Code) {
    switch code {
    case .missing: self = .missing
    case .wrongType: self = .wrongType
    case .tooLong: self = .tooLong
    case .tooShort: self = .tooShort
    case .outOfRange: self = .outOfRange
    case .badCharacter: self = .badCharacter
    case .badFormat: self = .badFormat
    case .unknownValue: self = .unknownValue
    case .unknownField: self = .unknownField
    case .malformed: self = .malformed
    }
  }
}
