import PushCore

/// Why a message is refused: `google.rpc.Status`.
struct FCMRefusal: Error, Equatable {
  /// What is wrong with one field.
  struct Violation: Equatable {
    /// Such as `message.android.ttl`.
    var field: String
    var description: String
  }

  var status: Int
  /// Such as `NOT_FOUND`.
  var canonicalCode: String
  var message: String
  var details: [JSON] = []
  var retryAfter: Duration?

  private static let types = "type.googleapis.com/"

  var answer: SimulatedAnswer {
    var headers: [(String, String)] = []
    if let retryAfter {
      headers.append(("retry-after", String(max(1, retryAfter.components.seconds))))
    }
    return .json(
      [
        "error": .object(present: [
          ("code", .integer(status)), ("message", .string(message)),
          ("status", .string(canonicalCode)),
          ("details", details.isEmpty ? nil : .array(details)),
        ])
      ], status: status, headers: headers)
  }

  // MARK: Details

  private static func fcmError(_ code: String) -> JSON {
    ["@type": .string(types + "google.firebase.fcm.v1.FcmError"), "errorCode": .string(code)]
  }

  private static func apnsError(_ status: Int, _ reason: String) -> JSON {
    [
      "@type": .string(types + "google.firebase.fcm.v1.ApnsError"),
      "statusCode": .integer(status), "reason": .string(reason),
    ]
  }

  private static func badRequest(_ violations: [Violation]) -> JSON {
    [
      "@type": .string(types + "google.rpc.BadRequest"),
      "fieldViolations": .array(
        violations.map {
          ["field": .string($0.field), "description": .string($0.description)]
        }),
    ]
  }

  // MARK: What is wrong

  /// The body does not fit the API's form.
  static func badForm(_ violations: [Violation]) -> FCMRefusal {
    FCMRefusal(
      status: 400, canonicalCode: "INVALID_ARGUMENT",
      message: violations.map(\.description).joined(separator: "\n"),
      details: [badRequest(violations)])
  }

  /// The form is right, and FCM does not take what stands in it.
  static func badValue(_ field: String, _ description: String) -> FCMRefusal {
    FCMRefusal(
      status: 400, canonicalCode: "INVALID_ARGUMENT", message: description,
      details: [
        badRequest([Violation(field: field, description: description)]),
        fcmError("INVALID_ARGUMENT"),
      ])
  }

  static let malformedToken = FCMRefusal(
    status: 400, canonicalCode: "INVALID_ARGUMENT",
    message: "The registration token is not a valid FCM registration token",
    details: [fcmError("INVALID_ARGUMENT")])

  static let unauthenticated = FCMRefusal(
    status: 401, canonicalCode: "UNAUTHENTICATED",
    message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login"
      + " cookie or other valid authentication credential.")

  static let permissionDenied = FCMRefusal(
    status: 403, canonicalCode: "PERMISSION_DENIED",
    message: "Permission 'cloudmessaging.messages.create' denied on resource (or it may not exist)."
  )

  static func quotaExceeded(retryAfter: Duration?) -> FCMRefusal {
    FCMRefusal(
      status: 429, canonicalCode: "RESOURCE_EXHAUSTED", message: "Quota exceeded.",
      details: [fcmError("QUOTA_EXCEEDED")], retryAfter: retryAfter)
  }
}

// MARK: - Fates

extension FCMRefusal {
  static let fates: KeyValuePairs = [
    "dead": "404 UNREGISTERED", "UNREGISTERED": "404: the app is gone",
    "SENDER_ID_MISMATCH": "403: the token is another project's",
    "INVALID_ARGUMENT": "400 with FcmError: the token is malformed",
    "INVALID_ARGUMENT_FIELD": "400 with BadRequest: a field does not fit",
    "APNS_UNREGISTERED": "400 with ApnsError 410: Apple's token behind it is dead",
    "QUOTA_EXCEEDED": "429; QUOTA_EXCEEDED:30 with Retry-After: 30",
    "UNAVAILABLE": "503; UNAVAILABLE:5 with Retry-After: 5",
    "INTERNAL": "500; INTERNAL:5 with Retry-After: 5",
    "THIRD_PARTY_AUTH_ERROR": "401 with ApnsError 403: the project's key for Apple is bad",
    "UNAUTHENTICATED": "401 without FcmError: the session is not taken",
    "PERMISSION_DENIED": "403 without FcmError: the account has no rights",
    "NOT_FOUND": "404 without FcmError: the project is wrong",
    "UNSPECIFIED_ERROR": "400: nothing more is known",
    "<any other>": "400 with this FcmError code",
  ]

  /// - Parameter fate: A code, and after a colon the seconds of `Retry-After`.
  init(fate: String) {
    let parts = fate.split(separator: ":", maxSplits: 1)
    let name = parts.first.map(String.init) ?? fate
    self = Self.refusal(name)
    if parts.count > 1, let seconds = Int64(parts[1]) { retryAfter = .seconds(seconds) }
  }

  private static func refusal(_ name: String) -> FCMRefusal {
    switch name {
    case "dead", "UNREGISTERED":
      coded(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
    case "SENDER_ID_MISMATCH": coded(403, "PERMISSION_DENIED", "SenderId mismatch", name)
    case "INVALID_ARGUMENT": malformedToken
    case "INVALID_ARGUMENT_FIELD":
      badForm([
        Violation(
          field: "message.data[0].value",
          description: "Invalid value at 'message.data[0].value' (TYPE_STRING)")
      ])
    case "APNS_UNREGISTERED":
      coded(
        400, "INVALID_ARGUMENT", "Request contains an invalid argument.", "INVALID_ARGUMENT",
        apnsError(410, "Unregistered"))
    case "QUOTA_EXCEEDED": quotaExceeded(retryAfter: nil)
    case "UNAVAILABLE":
      coded(503, "UNAVAILABLE", "The service is currently unavailable.", name)
    case "INTERNAL": coded(500, "INTERNAL", "Internal error encountered.", name)
    case "THIRD_PARTY_AUTH_ERROR":
      coded(
        401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service", name,
        apnsError(403, "InvalidProviderToken"))
    case "UNAUTHENTICATED": unauthenticated
    case "PERMISSION_DENIED": permissionDenied
    case "NOT_FOUND":
      FCMRefusal(
        status: 404, canonicalCode: name, message: "Requested entity was not found.")
    default: coded(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", name)
    }
  }

  private static func coded(
    _ status: Int, _ canonicalCode: String, _ message: String, _ code: String, _ more: JSON...
  ) -> FCMRefusal {
    FCMRefusal(
      status: status, canonicalCode: canonicalCode, message: message,
      details: [fcmError(code)] + more)
  }
}
