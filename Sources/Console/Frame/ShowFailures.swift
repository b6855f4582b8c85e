import HTTPTypes
import Hummingbird
import Ledger
import Logging
import Postgres

/// Makes a page of what went wrong. Only what is wrong on this side is logged.
struct ShowFailures: RouterMiddleware {
  let desk: PageDesk
  let logger: Logger

  func handle(
    _ request: Request, context: ConsoleContext,
    next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let refusal as Refusal {
      return page(refusal.title, refusal.sentence, refusal.code, refusal.status, context)
    } catch let error as any HTTPResponseError where error.status == .notFound {
      let refusal = Refusal.nothingHere
      return page(refusal.title, refusal.sentence, refusal.code, refusal.status, context)
    } catch {
      let isBusy = Self.cause(error)?.isRetryable ?? false
      logger.error(
        "A page could not be made",
        metadata: [
          "cause": "\(LoggedError.text(error))", "page": "\(context.endpointPath ?? "-")",
        ])
      return page(
        "The page could not be made",
        isBusy
          ? "The database is busy or cannot be reached. Try again in a moment."
          : "Something is wrong on this side; the server's log says what.",
        isBusy ? "ledger_unavailable" : "internal",
        isBusy ? .serviceUnavailable : .internalServerError, context)
    }
  }

  private static func cause(_ error: any Error) -> PostgresError? {
    if case .database(let cause)? = error as? AppsError { return cause }
    return error as? PostgresError
  }

  private func page(
    _ title: String, _ sentence: String, _ code: String, _ status: HTTPResponse.Status,
    _ context: ConsoleContext
  ) -> Response {
    let ways =
      context.session == nil
      ? [Way(to: SignInPages.path, words: "Sign in")]
      : [Way(to: Console.path, words: "Overview")]
    return desk.page(
      "problem", title: title,
      ProblemSheet(status: status.code, code: code, sentence: sentence, ways: ways), context,
      status: status)
  }

  private struct Way {
    let to: String
    let words: String
  }

  private struct ProblemSheet {
    let status: Int
    let code: String
    let sentence: String
    let ways: [Way]
  }
}
