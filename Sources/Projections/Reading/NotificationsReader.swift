public import Postgres
import PushCore

/// Reads the projection `notifications` through the views of schema `pushledger`, whose names stay
/// when the tables behind them are built anew.
///
/// Every call names the app it may see; nothing of another app is ever found.
public struct NotificationsReader: Sendable {
  let pool: PostgresPool

  public init(pool: PostgresPool) { self.pool = pool }

  func parameters(_ app: AppID) -> PostgresParameters {
    var parameters = PostgresParameters()
    parameters.add(app.rawValue)
    return parameters
  }
}
