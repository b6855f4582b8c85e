/// What a phone is to show, free of any provider's form (`docs/decisions.md`, section 3).
public struct Notification: Equatable, Sendable {
  public var title: String?
  public var subtitle: String?
  /// The line, or the body where a title stands above it.
  public var text: String
  /// What the app gets with it, as the sender wrote it.
  public var ext: String?
  /// Nil: no sound.
  public var sound: String?
  /// The number on the app's icon; nil leaves it as it is.
  public var badge: Int64?
  public var mutableContent: Bool
  /// The URL of a picture.
  public var image: String?
  public var interruptionLevel: String?
  /// The conversation: `user/<peer>` or `group/<group>`.
  public var threadID: String
  /// The sender's own collapse id; without one it is the delivery's id.
  public var collapseID: String?
  /// What differs where it is not Apple's; nil where nobody is pushed elsewhere.
  public var android: AndroidNotification?

  public init(
    title: String? = nil, subtitle: String? = nil, text: String, ext: String? = nil,
    sound: String? = nil, badge: Int64? = nil, mutableContent: Bool = false, image: String? = nil,
    interruptionLevel: String? = nil, threadID: String, collapseID: String? = nil,
    android: AndroidNotification? = nil
  ) {
    self.title = title
    self.subtitle = subtitle
    self.text = text
    self.ext = ext
    self.sound = sound
    self.badge = badge
    self.mutableContent = mutableContent
    self.image = image
    self.interruptionLevel = interruptionLevel
    self.threadID = threadID
    self.collapseID = collapseID
    self.android = android
  }
}

/// What a phone without APNs is to show (`docs/decisions.md`, section 4).
public struct AndroidNotification: Equatable, Sendable {
  public var title: String
  public var text: String
  /// What the callback channel tells instead of title and text.
  public var callbackTitle: String
  public var callbackText: String
  /// `OfflinePushInfo.AndroidInfo`, as the sender wrote it: what each vendor's request is made of.
  public var info: JSON?

  public init(
    title: String, text: String, callbackTitle: String, callbackText: String, info: JSON?
  ) {
    self.title = title
    self.text = text
    self.callbackTitle = callbackTitle
    self.callbackText = callbackText
    self.info = info
  }

  /// The sound that the sender named for these phones; nil: none of its own.
  var sound: String? { field("Sound") }

  func field(_ name: String) -> String? {
    info?[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }
}
