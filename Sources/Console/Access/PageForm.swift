import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// The fields of a form that was sent.
struct PageForm {
  private static let fieldLimit = 1_000
  /// A form that has not come by then is not waited for.
  private static let patience = Duration.seconds(20)

  private let fields: [String: String]

  /// - Throws: ``Refusal/form(_:)`` where it is too long, or no form.
  init(_ request: Request, _ context: ConsoleContext, maxBytes: Int) async throws {
    guard request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true
    else { throw Refusal.form("The request holds no form.") }
    let body: ByteBuffer
    let alarm = Alarm(context.channel, after: Self.patience)
    defer { alarm.cancel() }
    do {
      body = try await request.body.collect(upTo: maxBytes)
    } catch {
      throw Refusal.form("The form has more than \(maxBytes) bytes.")
    }
    do {
      fields = try URLEncodedFormDecoder().decode([String: String].self, from: String(buffer: body))
    } catch {
      throw Refusal.form("The form cannot be read.")
    }
    guard fields.count <= Self.fieldLimit else {
      throw Refusal.form("The form has more than \(Self.fieldLimit) fields.")
    }
  }

  /// The names of its fields.
  var names: [String] { Array(fields.keys) }

  /// Nil where the form has no such field.
  subscript(name: String) -> String? { fields[name] }

  /// That a page of this very session sent the form.
  ///
  /// - Throws: ``Refusal``
  func requireToken(of session: ConsoleSession?) throws {
    guard let session else { throw Refusal.signedOut }
    guard session.accepts(formToken: fields["csrf"] ?? "") else {
      throw Refusal.form("The form is of another session. Open the page again, then send it.")
    }
  }

  /// That the request comes from a page of this server: so a browser says where it knows.
  ///
  /// - Throws: ``Refusal``
  static func requireOwnSite(_ request: Request) throws {
    let isOwn =
      if let site = request.headers[.fetchSite] {
        site == "same-origin" || site == "none"
      } else if let origin = request.headers[.origin] {
        // Without TLS a browser says no more than this.
        origin.split(separator: "://", maxSplits: 1).last.map(String.init)
          == request.head.authority
      } else {
        true
      }
    guard isOwn else { throw Refusal.form("The form was sent from another site.") }
  }
}

extension HTTPField.Name {
  static let fetchSite = name("Sec-Fetch-Site")
  static let forwardedProto = name("X-Forwarded-Proto")

  /// A name that is written here is one.
  private static func name(_ text: String) -> HTTPField.Name {
    HTTPField.Name(text) ?? .origin
  }
}
