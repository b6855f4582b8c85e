extension Notification {
  /// The notification as `notifications_v1.messages.notification` keeps it: what is nil or false
  /// is left out; badge and sound stand with each delivery.
  public var json: JSON {
    .object(present: [
      ("title", title.map { .string($0) }),
      ("subtitle", subtitle.map { .string($0) }),
      ("text", .string(text)),
      ("ext", ext.map { .string($0) }),
      ("mutable_content", mutableContent ? true : nil),
      ("image", image.map { .string($0) }),
      ("interruption_level", interruptionLevel.map { .string($0) }),
      ("thread_id", .string(threadID)),
      ("collapse_id", collapseID.map { .string($0) }),
      ("android", android?.json),
      ("callback", callback?.json),
      ("keeps_title", keepsTitle ? true : nil),
      ("languages", languages.isEmpty ? nil : .array(languages.map(\.json))),
      ("erased", isErased ? true : nil),
    ])
  }

  /// Reads ``json`` back.
  ///
  /// - Throws: ``FieldError``.
  public init(json: JSON) throws(FieldError) {
    let fields = try Fields(json)
    self.init(
      title: try fields.string("title"),
      subtitle: try fields.string("subtitle"),
      text: try fields.string("text") ?? "",
      ext: try fields.string("ext"),
      mutableContent: try fields.bool("mutable_content") ?? false,
      image: try fields.string("image"),
      interruptionLevel: try fields.string("interruption_level"),
      threadID: try fields.string("thread_id") ?? "",
      collapseID: try fields.string("collapse_id"),
      android: try fields.object("android").map { object throws(FieldError) in
        try AndroidNotification(object)
      },
      callback: try fields.object("callback").map { object throws(FieldError) in
        try CallbackFacts(object)
      }, keepsTitle: try fields.bool("keeps_title") ?? false,
      isErased: try fields.bool("erased") ?? false)
    for (index, entry) in (try fields.array("languages", max: Int.max) ?? []).enumerated() {
      languages.append(try Localized(try Fields(entry, at: "languages[\(index)]")))
    }
  }
}

extension Notification.Localized {
  fileprivate var json: JSON {
    .object(present: [
      ("language", .string(language)), ("title", title.map { .string($0) }),
      ("text", text.map { .string($0) }),
    ])
  }

  fileprivate init(_ fields: Fields) throws(FieldError) {
    self.init(
      language: try fields.string("language") ?? "", title: try fields.string("title"),
      text: try fields.string("text"))
  }
}

extension AndroidNotification {
  fileprivate var json: JSON {
    .object(present: [
      ("title", .string(title)), ("text", .string(text)),
      ("callback_title", .string(callbackTitle)), ("callback_text", .string(callbackText)),
      ("info", info),
    ])
  }

  fileprivate init(_ fields: Fields) throws(FieldError) {
    self.init(
      title: try fields.string("title") ?? "", text: try fields.string("text") ?? "",
      callbackTitle: try fields.string("callback_title") ?? "",
      callbackText: try fields.string("callback_text") ?? "", info: fields["info"])
  }
}
