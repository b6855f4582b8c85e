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
  /// What the callback channel tells beside; nil where nobody is told through it.
  public var callback: CallbackFacts?
  /// What the sender wrote for devices of some languages.
  public var languages: [Localized]
  /// Whether `title` stands in every language: the sender wrote it for Apple's phones alone.
  public var keepsTitle: Bool
  /// Whether what was to be shown is erased: nothing is to be shown any more.
  public var isErased: Bool

  /// Title and text for devices of one language; nil, as for all.
  public struct Localized: Equatable, Sendable {
    /// Such as `zh-Hans` or `en`.
    public var language: String
    public var title: String?
    public var text: String?

    public init(language: String, title: String?, text: String?) {
      self.language = language
      self.title = title
      self.text = text
    }
  }

  public init(
    title: String? = nil, subtitle: String? = nil, text: String, ext: String? = nil,
    sound: String? = nil, badge: Int64? = nil, mutableContent: Bool = false, image: String? = nil,
    interruptionLevel: String? = nil, threadID: String, collapseID: String? = nil,
    android: AndroidNotification? = nil, callback: CallbackFacts? = nil,
    languages: [Localized] = [], keepsTitle: Bool = false, isErased: Bool = false
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
    self.callback = callback
    self.languages = languages
    self.keepsTitle = keepsTitle
    self.isErased = isErased
  }

  /// The notification in the language of a device's locale, where the sender wrote one for it: the
  /// entry that names most of the locale, such as `zh-Hans` before `zh` for `zh-Hans-CN`.
  public func localized(for locale: String?) -> Notification {
    guard !languages.isEmpty, let locale else { return self }
    let wanted = Self.parts(locale)
    let fitting = languages.filter { wanted.starts(with: Self.parts($0.language)) }
    guard
      let best = fitting.max(by: {
        Self.parts($0.language).count < Self.parts($1.language).count
      })
    else { return self }
    var shown = self
    if let title = best.title {
      if !keepsTitle { shown.title = title }
      shown.android?.title = title
      shown.android?.callbackTitle = title
    }
    if let text = best.text {
      shown.text = text
      shown.android?.text = text
      shown.android?.callbackText = text
    }
    return shown
  }

  private static func parts(_ language: String) -> [Substring] {
    language.lowercased().split { $0 == "-" || $0 == "_" }
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
