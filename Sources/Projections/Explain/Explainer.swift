import Ledger
public import Postgres
public import PushCore

/// Explains messages: decides them anew from the few events that their recipients depend on, and
/// lays beside it what the projection holds and what providers answered.
///
/// It never folds a ledger from its start, so an answer takes as long on a large ledger as on a
/// small one. All that it reads is one moment's.
public struct Explainer: Sendable {
  /// Recipients in one explanation at most.
  public static let maximumRecipients = 100
  /// Recipients in one explanation where nothing else is asked for.
  public static let usualRecipients = 20

  private let pool: PostgresPool

  public init(_ pool: PostgresPool) { self.pool = pool }

  /// What is to be explained of a message.
  public struct Question: Sendable, Equatable {
    public var message: MessageID
    /// Nil: its recipients, those first whom no provider took a push for.
    public var user: UserID?
    /// Nil: all of a recipient's. Named without a user it is the only recipient's.
    public var device: DeviceID?
    /// 1 to ``Explainer/maximumRecipients``.
    public var limit: Int
    /// Whether the explanation holds what a phone shows.
    public var showsContent: Bool

    public init(
      _ message: MessageID, user: UserID? = nil, device: DeviceID? = nil,
      limit: Int = Explainer.usualRecipients, showsContent: Bool = false
    ) {
      self.message = message
      self.user = user
      self.device = device
      self.limit = limit
      self.showsContent = showsContent
    }
  }

  /// - Returns: Nil where neither the ledger nor its archive has such a message, as far as is known.
  /// - Throws: ``ExplainError``, or ``Postgres/PostgresError``.
  public func explain(_ question: Question, of app: AppID) async throws -> Explanation? {
    try await pool.transaction { connection in
      _ = try await connection.pipeline(Self.oneMoment)
      return try await ExplanationStep(app: app, connection: connection, question: question).run()
    }
  }

  /// One moment of the database, and plans that fit any app.
  private static let oneMoment = [
    PostgresCall("set transaction isolation level repeatable read, read only"),
    PostgresCall("set local plan_cache_mode = force_generic_plan"),
  ]
}

/// Why a message is not explained.
public enum ExplainError: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownApp(AppID)
  case archived(ArchivedMessage)
  /// A device is named, and whose it is can only be guessed.
  case deviceWithoutUser(DeviceID)
  /// The devices' tokens were registered by more users than are followed.
  case tooManySharers(limit: Int)

  public var description: String {
    switch self {
    case .unknownApp(let app):
      "App \(app) is unknown. Create it with `pushledger apps create \(app)`."
    case .archived(let message): message.description
    case .deviceWithoutUser(let device):
      "The message went to a group: name the user whose device \(device) is."
    case .tooManySharers(let limit):
      "More than \(limit) users registered the tokens of these devices. Fold all of it: "
        + "pushledger replay --message"
    }
  }
}
