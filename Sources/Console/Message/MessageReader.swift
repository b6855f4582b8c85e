import Postgres
import Projections
import PushCore

import struct Foundation.UUID

/// What a message's page shows.
struct MessageFacts: Sendable {
  var app: AppID
  var explanation: Explanation
  /// Nil where none are asked for.
  var rows: DeliveryPage?
  /// What holds back that which is due.
  var waiting = WaitingPushes()
  /// The `data` of its event.
  var data: JSON?

  var message: ExplainedMessage { explanation.message }

  /// Whether nothing more is to be expected: all ended, and the time in which phones mostly report
  /// is over.
  func isSettled(at now: Timestamp) -> Bool {
    guard message.isProjected, now > message.recordedAt + Self.reportTime else { return false }
    return !explanation.counts.contains { $0.status == DeliveryStatus.due.rawValue }
  }

  private static let reportTime = Duration.seconds(3_600)
}

/// Reads a message: explained for a few recipients, counted for all, its deliveries a page at a time.
struct MessageReader: Sendable {
  /// Deliveries in a list.
  static let rowsPerPage = 50

  let pool: PostgresPool
  /// What an operator can do about a provider's reason; nil where there is nothing to say.
  let advice: @Sendable (ProviderName, String) -> String?

  /// - Throws: ``Refusal`` where there is none such, or where it cannot be explained.
  func read(_ asked: MessageAddress, of app: AppID) async throws -> MessageFacts {
    let explanation = try await explain(asked, of: app)
    var facts = MessageFacts(app: app, explanation: explanation.advised(by: advice))
    facts.waiting = try await WaitingPushes.read(pool, of: app, explanation.recipients)
    if let rows = asked.rows {
      let after = if case .after(let id) = rows { id } else { nil as UUID? }
      facts.rows = try await NotificationsReader(pool: pool).deliveries(
        at: explanation.message.position, of: app, after: after, limit: Self.rowsPerPage)
    }
    return facts
  }

  /// The same with the event as it was stored, which never changes.
  func readAll(_ asked: MessageAddress, of app: AppID) async throws -> MessageFacts {
    var facts = try await read(asked, of: app)
    let rows = try await pool.query(
      "select data from pushledger.events where app = $1 and position = $2",
      [app.rawValue, facts.message.position])
    facts.data = try rows.first.map { try JSON.parse(try $0.get(0, as: PostgresJSONB.self).bytes) }
    return facts
  }

  private func explain(_ asked: MessageAddress, of app: AppID) async throws -> Explanation {
    do {
      guard let explanation = try await Explainer(pool).explain(asked.question, of: app) else {
        throw Refusal.unknown("The app has no message \(asked.message.rawValue.isolated).")
      }
      return explanation
    } catch ExplainError.archived(let message) {
      throw Refusal.archived(message)
    } catch ExplainError.deviceWithoutUser {
      throw Refusal.address(
        "The address names a `device` without a `user`, and the message went to a group: name "
          + "whose device it is.")
    } catch let error as ExplainError {
      throw Refusal.unexplained(error.description)
    }
  }
}

extension String {
  /// Set apart from what stands around it, whichever way it is written.
  var isolated: String { "\u{2068}\(self)\u{2069}" }
}
