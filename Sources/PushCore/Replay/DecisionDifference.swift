/// One message and one recipient or device, about which two folds decide differently.
public struct DecisionDifference: Sendable, Equatable {
  public var message: MessageID
  public var position: Position
  public var user: UserID
  public var device: DeviceID?
  /// Nil where only the other fold decides about it.
  public var base: Outcome?
  public var other: Outcome?

  /// A verdict, with what a phone would show.
  public struct Outcome: Sendable, Equatable {
    public var verdict: Decision.Verdict
    /// Nil where nobody is pushed.
    public var title: String?
    public var text: String?

    init(_ decision: Decision, _ notification: Notification) {
      verdict = decision.verdict
      if case .push = verdict {
        title = notification.title
        text = notification.text
      }
    }

    /// `push apns badge 3` or `suppressed quiet`.
    public var line: String { verdict.line }

    /// Without what a phone would show: that is a person's.
    public var json: JSON {
      switch verdict {
      case .suppressed(let reason):
        ["decision": "suppressed", "reason": .string(reason.rawValue)]
      case .push(let push):
        .object(present: [
          ("decision", "push"), ("provider", .string(push.provider.rawValue)),
          ("badge", .integer(push.badge)), ("sound", push.sound.map { .string($0) }),
        ])
      }
    }
  }

  /// Whether both push, with another title or text.
  public var isOfText: Bool {
    guard let base, let other, base.text != nil || base.title != nil,
      other.text != nil || other.title != nil
    else { return false }
    return base.title != other.title || base.text != other.text
  }

  public var json: JSON {
    [
      "message_id": JSON(message), "position": .integer(position), "user": JSON(user),
      "device": device.map { JSON($0) } ?? .null, "base": base?.json ?? .null,
      "what_if": other?.json ?? .null, "another_text": .bool(isOfText),
    ]
  }

  /// Compares what one event led to.
  static func between(_ base: [FoldOutput], _ other: [FoldOutput]) -> [DecisionDifference] {
    let left = outcomes(base)
    let right = outcomes(other)
    guard left != right else { return [] }
    // A decision about a recipient stands for each device that the other fold decides about.
    let all = Set(left.keys).union(right.keys)
    let split = Set(all.filter { $0.device != nil }.map(\.user))
    let keys = all.filter { $0.device != nil || !split.contains($0.user) }.sorted()
    func outcome(_ side: [Key: Outcome], _ key: Key) -> Outcome? {
      side[key] ?? side[Key(user: key.user, device: nil)]
    }
    let decided = (base + other).lazy.compactMap { output -> MessageDecisions? in
      if case .decided(let decided) = output { decided } else { nil }
    }.first
    guard let decided else { return [] }
    return keys.compactMap { key in
      guard outcome(left, key) != outcome(right, key) else { return nil }
      return DecisionDifference(
        message: decided.message.id, position: decided.position, user: key.user,
        device: key.device, base: outcome(left, key), other: outcome(right, key))
    }
  }

  private struct Key: Hashable, Comparable {
    var user: UserID
    var device: DeviceID?

    static func < (left: Key, right: Key) -> Bool {
      if left.user != right.user { return left.user < right.user }
      return (left.device?.rawValue ?? "") < (right.device?.rawValue ?? "")
    }
  }

  private static func outcomes(_ outputs: [FoldOutput]) -> [Key: Outcome] {
    var outcomes: [Key: Outcome] = [:]
    for case .decided(let decided) in outputs {
      for decision in decided.decisions {
        outcomes[Key(user: decision.user, device: decision.device)] = Outcome(
          decision, decided.notification)
      }
    }
    return outcomes
  }
}

extension Decision.Verdict {
  /// `push apns badge 3` or `suppressed quiet`.
  public var line: String {
    switch self {
    case .push(let push):
      "push \(push.provider.rawValue) badge \(push.badge)"
        + (push.sound.map { $0 == "default" ? "" : " sound \($0)" } ?? " no sound")
    case .suppressed(let reason): "suppressed \(reason.rawValue)"
    }
  }
}
