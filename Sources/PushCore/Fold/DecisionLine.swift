extension MessageDecisions {
  /// The decisions as NDJSON, a line each: `message_id`, `user`, `device`, `decision`, `reason`,
  /// and for a push `provider`, `badge`, `title`, `text`, `ext`, `sound`.
  public func write(into bytes: inout [UInt8]) {
    for decision in decisions {
      var members: [(String, JSON)] = [
        ("message_id", .string(message.id.rawValue)),
        ("user", .string(decision.user.rawValue)),
        ("device", decision.device.map { .string($0.rawValue) } ?? .null),
      ]
      switch decision.verdict {
      case .suppressed(let reason):
        members.append(("decision", "suppressed"))
        members.append(("reason", .string(reason.rawValue)))
      case .push(let push):
        members.append(("decision", "push"))
        members.append(("reason", .null))
        members.append(("provider", .string(push.provider.rawValue)))
        members.append(("badge", .integer(push.badge)))
        members.append(("title", notification.title.map { .string($0) } ?? .null))
        members.append(("text", .string(notification.text)))
        members.append(("ext", notification.ext.map { .string($0) } ?? .null))
        members.append(("sound", push.sound.map { .string($0) } ?? .null))
      }
      for (index, (key, value)) in members.enumerated() {
        bytes.append(contentsOf: (index == 0 ? "{\"" : ", \"").utf8)
        bytes.append(contentsOf: key.utf8)
        bytes.append(contentsOf: "\": ".utf8)
        value.write(into: &bytes, sorted: false)
      }
      bytes.append(contentsOf: "}\n".utf8)
    }
  }
}
