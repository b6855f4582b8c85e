/// A message's personal part: what it says, and how the sender wants it shown.
public struct MessageContent: Sendable, Equatable {
  public var elements: [Element]
  public var offlinePush: OfflinePush?
  public var senderName: String?

  /// One element of a message; only what a notification can show of it.
  public struct Element: Sendable, Equatable {
    /// Such as `TIMTextElem`.
    public var type: String
    public var text: String?
    public var desc: String?
    public var ext: String?
    public var sound: String?
  }

  /// How the sender wants an offline push to look; the names are Tencent IM's `OfflinePushInfo`.
  public struct OfflinePush: Sendable, Equatable {
    public var pushFlag: Int64 = 0
    public var title: String?
    public var desc: String?
    public var ext: String?
    public var badgeSet: Int64?
    public var badgeAdd: Int64?
    public var apns = APNsInfo()
    /// `MultiLanguageContent`
    public var languages: [LocalText] = []
    /// `AndroidInfo`, as it was given.
    public var android: JSON?
  }

  /// Title and text for devices of one language; nil, as for all.
  public struct LocalText: Sendable, Equatable {
    /// Such as `zh-Hans` or `en`.
    public var language: String
    public var title: String?
    public var desc: String?
  }

  public struct APNsInfo: Sendable, Equatable {
    public var title: String?
    public var subtitle: String?
    public var sound: String?
    public var badgeMode: Int64 = 0
    public var image: String?
    public var mutableContent: Int64 = 0
    public var interruptionLevel: String?
    public var collapseID: String?
  }
}

extension MessageContent {
  /// Reads `content` of a `message.sent`.
  init(_ fields: Fields) throws(FieldError) {
    let values = try fields.required("elements") { key throws(FieldError) in
      try fields.array(key, max: Limits.elementsPerMessage)
    }
    elements = []
    elements.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      elements.append(
        try Element(try Fields(value, at: "\(fields.name("elements"))[\(index)]")))
    }
    offlinePush = try fields.object("offline_push").map { object throws(FieldError) in
      try OfflinePush(object)
    }
    senderName = try fields.string("sender_name", maxBytes: Limits.nameBytes)
    _ = try fields.string("cloud_custom_data")
  }

  var customElement: Element? { elements.first { $0.type == "TIMCustomElem" } }
}

extension MessageContent.Element {
  init(_ fields: Fields) throws(FieldError) {
    type = try fields.required("MsgType") { key throws(FieldError) in
      try fields.string(key, maxBytes: Limits.idBytes)
    }
    let content = try fields.required("MsgContent", fields.object)
    switch type {
    case "TIMTextElem":
      text = try content.string("Text")
    case "TIMCustomElem":
      desc = try content.string("Desc")
      ext = try content.string("Ext")
      sound = try content.string("Sound", maxBytes: Limits.soundBytes)
    default: break
    }
  }
}

extension MessageContent.OfflinePush {
  init(_ fields: Fields) throws(FieldError) {
    pushFlag = try fields.integer("PushFlag") ?? 0
    title = try fields.string("Title")
    desc = try fields.string("Desc")
    ext = try fields.string("Ext")
    badgeSet = try fields.integer("BadgeSetNum", in: 0...999)
    badgeAdd = try fields.integer("BadgeAddNum", in: 1...99)
    if let info = try fields.object("ApnsInfo") { apns = try .init(info) }
    if let info = try fields.object("AndroidInfo") { try Self.check(info, Self.androidFields) }
    if let info = try fields.object("HarmonyInfo") { try Self.check(info, Self.harmonyFields) }
    android = fields["AndroidInfo"]
    let texts = try fields.array("MultiLanguageContent", max: Limits.languagesPerMessage) ?? []
    for (index, text) in texts.enumerated() {
      let path = "\(fields.name("MultiLanguageContent"))[\(index)]"
      languages.append(try .init(try Fields(text, at: path)))
    }
    try Self.check(fields, Self.otherFields)
  }

  /// What a field must be that is passed on to a provider.
  private enum Kind { case text, whole, object }

  private static let otherFields: KeyValuePairs<String, Kind> = [
    "PushTemplateId": .text, "PushTemplateParam": .object,
  ]

  /// `VIVONotifyType` is a text on one of Tencent's pages and a number on another: not looked at.
  private static let androidFields: KeyValuePairs<String, Kind> = [
    "Sound": .text, "HuaWeiChannelID": .text, "XiaoMiChannelID": .text, "OPPOChannelID": .text,
    "GoogleChannelID": .text, "VIVOClassification": .whole, "HuaWeiImportance": .text,
    "ExtAsHuaweiIntentParam": .whole, "HuaWeiCategory": .text, "VIVOCategory": .text,
    "PushStyle": .whole, "HuaWeiImage": .text, "HonorImage": .text, "GoogleImage": .text,
    "HonorImportance": .text, "OPPOCategory": .text, "OPPONotifyLevel": .whole,
    "OPPOPrivateMsgTemplateId": .text, "OPPOPrivateTitleParameters": .object,
    "OPPOPrivateContentParameters": .object, "GooglePriority": .text,
    "MeiZuNoticeMsgType": .whole,
  ]

  private static let harmonyFields: KeyValuePairs<String, Kind> = [
    "Title": .text, "Category": .text, "Image": .text, "Sound": .text, "SoundDuration": .whole,
  ]

  private static func check(
    _ fields: Fields, _ kinds: KeyValuePairs<String, Kind>
  ) throws(FieldError) {
    for (name, kind) in kinds {
      switch kind {
      case .text: _ = try fields.string(name)
      case .whole: _ = try fields.integer(name)
      case .object: _ = try fields.object(name)
      }
    }
  }
}

extension MessageContent.LocalText {
  init(_ fields: Fields) throws(FieldError) {
    language = try fields.required("Language") { key throws(FieldError) in
      try fields.string(key, maxBytes: Limits.idBytes)
    }
    title = try fields.string("Title")
    desc = try fields.string("Desc")
  }
}

extension MessageContent.APNsInfo {
  init(_ fields: Fields) throws(FieldError) {
    title = try fields.string("Title")
    subtitle = try fields.string("SubTitle")
    sound = try fields.string("Sound", maxBytes: Limits.soundBytes)
    badgeMode = try fields.integer("BadgeMode") ?? 0
    image = try fields.string("Image")
    mutableContent = try fields.integer("MutableContent") ?? 0
    interruptionLevel = try fields.string("InterruptionLevel", maxBytes: Limits.idBytes)
    collapseID = try fields.string("CollapseId", maxBytes: Limits.topicBytes)
    _ = try fields.integer("ContentAvailable")
    _ = try fields.integer("IsVoipPush")
    _ = try fields.object("LiveActivity")
  }
}

extension MessageContent {
  /// The text that stands for elements whose content cannot be shown.
  public enum Language: String, Sendable, Hashable, CaseIterable {
    case en, zh
  }

  /// - Parameter bracketsCustom: As Tencent's Android callback shows a custom element.
  func body(in language: Language, bracketsCustom: Bool = false) -> String {
    elements.map { element in
      let text = element.shown(in: language)
      let isBracketed = bracketsCustom && element.type == "TIMCustomElem" && !text.isEmpty
      return isBracketed ? "[\(text)]" : text
    }.joined()
  }

  /// Rule 3.7: the sound that the sender named; nil: the device's own.
  var sound: String? {
    let own = offlinePush?.apns.sound ?? ""
    if !own.isEmpty { return own }
    guard offlinePush == nil, let custom = customElement?.sound, !custom.isEmpty else { return nil }
    return custom
  }

  var androidSound: String? {
    offlinePush?.android?["Sound"]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Rule 3.4 negated: there is a body, or a title of the sender's own.
  var shows: Bool {
    if let push = offlinePush {
      if !(push.desc ?? "").isEmpty || !(push.title ?? "").isEmpty
        || !(push.apns.title ?? "").isEmpty
      {
        return true
      }
    }
    return elements.contains { !$0.shown(in: .en).isEmpty }
  }

  var facts: MessageFacts {
    MessageFacts(
      shows: shows, pushFlag: offlinePush?.pushFlag ?? 0,
      badgeMode: offlinePush?.apns.badgeMode ?? 0, badgeSet: offlinePush?.badgeSet,
      badgeAdd: offlinePush?.badgeAdd, sound: sound, androidSound: androidSound)
  }
}

extension MessageContent.Element {
  /// Rule 3.1: an element's text, or a placeholder in the app's language.
  func shown(in language: MessageContent.Language) -> String {
    let placeholder: (en: String, zh: String)
    switch type {
    case "TIMTextElem": return text ?? ""
    case "TIMCustomElem": return desc ?? ""
    case "TIMSoundElem": placeholder = ("[voice]", "[语音]")
    case "TIMFileElem": placeholder = ("[file]", "[文件]")
    case "TIMImageElem": placeholder = ("[image]", "[图片]")
    case "TIMFaceElem": placeholder = ("[face]", "[表情]")
    case "TIMLocationElem": placeholder = ("[location]", "[位置]")
    case "TIMVideoFileElem": placeholder = ("[video]", "[视频]")
    default: placeholder = ("[message]", "[消息]")
    }
    return language == .en ? placeholder.en : placeholder.zh
  }
}
