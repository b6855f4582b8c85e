/// The bounds of what PushLedger takes and keeps, in one place.
public enum Limits {
  public static let appIDBytes = 64
  public static let idBytes = 128
  public static let streamBytes = 300
  /// `data` and `content` of one event together, as JSON text.
  public static let eventBytes = 65_536
  /// By how much a `broadcast.started` must be smaller: each of its messages names a recipient.
  public static let broadcastMargin = 2_048
  /// Events of one append.
  public static let eventsPerAppend = 1_000
  /// Messages of one `POST /v1/messages`.
  public static let messagesPerRequest = 1_000
  /// Nesting of arrays and objects in any JSON that comes in.
  public static let jsonDepth = 64
  /// Digits of a number before or after the decimal point, written out: `jsonb` keeps numbers so,
  /// and a few characters such as 1e100000 would make it work for seconds. A double has 309.
  public static let numberDigits = 400
  public static let mentionsPerMessage = 1_000
  public static let targetsPerMessage = 1_000
  public static let elementsPerMessage = 100
  /// Languages that a message's sender has texts for.
  public static let languagesPerMessage = 100
  /// A nickname, name card or group name.
  public static let nameBytes = 1_024
  /// Ways to a device beside the first.
  public static let fallbacksPerDevice = 3
  /// A device token; a Web Push subscription object counts as its JSON.
  public static let tokenBytes = 4_096
  public static let topicBytes = 256
  public static let reasonBytes = 256
  /// A sound's file name.
  public static let soundBytes = 256
  /// A tag, or an attribute's name or value.
  public static let labelBytes = 64
  public static let tagsPerUser = 100
  public static let attributesPerUser = 100
  /// The devices of a user. Another one takes the place of the one least heard of, of those that are
  /// logged out first.
  public static let devicesPerUser = 100
  /// Events that one `content.erased` names.
  public static let positionsPerErasure = 2_000
  /// The id of a credential.
  public static let credentialBytes = 128
  /// How long a push is tried when neither the message nor the app says so.
  public static let pushLifetime = Duration.seconds(7 * 24 * 3600)
}
