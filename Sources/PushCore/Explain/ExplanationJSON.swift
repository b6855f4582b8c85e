extension Explanation {
  /// The form of `pushledger explain --json` and of `GET /v1/messages/{id}/explanation`.
  public var json: JSON {
    .object(
      (message.json.members ?? [])
        + [
          .init("counts", .array(counts.map(\.json))), .init("agrees", .bool(agrees)),
          .init("explained", .array(recipients.map { $0.json(of: message) })),
          .init("others", .integer(others)),
        ])
  }
}

extension Explanation.Count {
  fileprivate var json: JSON {
    .object(present: [
      ("status", .string(status)), ("reason", reason.map { .string($0) }),
      ("count", .integer(count)),
    ])
  }
}

extension ExplainedMessage {
  fileprivate var json: JSON {
    .object(present: [
      ("id", JSON(message.id)), ("position", .integer(position)), ("from", JSON(message.sender)),
      ("to", JSON(message.conversation)), ("device", message.device.map { JSON($0) }),
      ("sent_at", JSON(occurredAt)),
      ("recorded_at", JSON(recordedAt)), ("expires_at", expiresAt.map { JSON($0) }),
      ("kept", .bool(!message.onlineOnly)), ("erased", .bool(isErased)),
      ("recalled", recalled?.json),
      ("repeated_at", .array(repeatedAt.map { .integer($0) })),
      ("skipped", skipped?.json),
      ("projected", .bool(isProjected)), ("recipients", recipients.map { .integer($0) }),
      ("notification", notification?.json),
    ])
  }
}

extension Since {
  var json: JSON {
    ["position": .integer(position), "at": JSON(at), "type": .string(type.rawValue)]
  }
}

extension Rule {
  fileprivate var json: JSON {
    .object(present: [
      ("number", .string(number)), ("sentence", .string(sentence)),
      ("otherwise", otherwise.map { .string($0) }),
    ])
  }
}

// MARK: - Recipients

extension ExplainedRecipient {
  fileprivate func json(of message: ExplainedMessage) -> JSON {
    .object(present: [
      ("user", JSON(user)),
      (
        "excluded",
        excluded.map { ["code": .string($0.code), "rule": $0.rule.json] }
      ),
      ("missing_device", missingDevice.map { JSON($0) }), ("known", known.json),
      ("decisions", .array(decisions.map { $0.json(of: message) })),
      (
        "stray_deliveries",
        strayDeliveries.isEmpty
          ? nil : .array(strayDeliveries.map { $0.map { JSON($0) } ?? .null })
      ),
    ])
  }
}

extension KnownRecipient {
  fileprivate var json: JSON {
    .object(present: [
      ("receive", .string(receive.rawValue)), ("receive_since", receiveSince?.json),
      ("quiet_hours", quietHours?.json), ("muted_until", mutedUntil.map { JSON($0) }),
      ("badge_source", .string(badgeSource.rawValue)), ("unread", unread.map { .integer($0) }),
      ("devices", .integer(devices)),
    ])
  }
}

extension QuietHours {
  fileprivate var json: JSON {
    [
      "from": .string(Self.text(from)), "to": .string(Self.text(to)),
      "time_zone": .string(timeZone),
    ]
  }
}

extension KnownDevice {
  fileprivate var json: JSON {
    .object(present: [
      ("state", .string(state.word)), ("since", since?.json),
      ("platform", .string(state.platform.rawValue)),
      ("app_version", state.appVersion.map { .string($0) }),
      ("locale", state.locale.map { .string($0) }), ("badge", badge.map { .integer($0) }),
      ("ways", .array(ways)), ("push", state.settings.push.map { .bool($0) }),
      ("environment", .string(state.environment.rawValue)),
      ("registered_at", state.registered.map { _ in JSON(state.registeredAt) }),
    ])
  }

  private var ways: [JSON] {
    var ways: [JSON] = []
    if let first = state.registered {
      ways.append(Self.way(first, state.tokenValid, state.topic, state.credential))
    }
    return ways
      + state.fallbacks.map { Self.way($0.registered, $0.tokenValid, $0.topic, $0.credential) }
  }

  private static func way(
    _ token: TokenKey, _ isValid: Bool, _ topic: String?, _ credential: String?
  ) -> JSON {
    .object(present: [
      ("provider", .string(token.provider.rawValue)), ("token_sha256", .string(token.sha256)),
      ("token_valid", .bool(isValid)), ("topic", topic.map { .string($0) }),
      ("credential", credential.map { .string($0) }),
    ])
  }
}

// MARK: - Decisions

extension ExplainedDecision {
  fileprivate func json(of message: ExplainedMessage) -> JSON {
    var members: [(String, JSON?)] = [("device", device.map { JSON($0) })]
    switch verdict {
    case .suppressed(let reason):
      members += [("decision", "suppressed"), ("reason", .string(reason.rawValue))]
    case .push(let push):
      members += [
        ("decision", "push"), ("provider", .string(push.provider.rawValue)),
        ("badge", badge.map { .integer($0) }), ("sound", push.sound.map { .string($0) }),
      ]
    }
    members += [
      ("rule", rule.json), ("known", known?.json), ("delivery", delivery?.json),
      ("attempts", .array(attempts.map(\.json))), ("called_off", calledOff?.json),
      ("retries", .array(retries.map(\.json))),
      ("token_death", tokenDeath?.json), ("steps", .array(steps(of: message).map(\.json))),
      (
        "conclusion",
        [
          "proves": .string(conclusion.proves),
          "does_not_prove": .string(conclusion.doesNotProve),
        ]
      ),
      ("disagreements", .array(disagreements.map { .string($0) })),
    ]
    return .object(present: members)
  }
}

extension ExplainedDelivery {
  fileprivate var json: JSON {
    .object(present: [
      ("delivery_id", JSON(id)), ("status", .string(status.rawValue)),
      ("reason", reason.map { .string($0) }), ("provider", provider.map { .string($0.rawValue) }),
      ("badge", badge.map { .integer($0) }), ("sound", sound.map { .string($0) }),
      ("decided_at", JSON(decidedAt)), ("ended_at", endedAt.map { JSON($0) }),
      ("delivered_at", deliveredAt.map { JSON($0) }), ("opened_at", openedAt.map { JSON($0) }),
      ("not_shown_at", notShownAt.map { JSON($0) }),
      ("not_shown_reason", notShownReason.map { .string($0) }),
    ])
  }
}

extension ExplainedTokenDeath {
  fileprivate var json: JSON {
    .object(present: [
      ("said", said.json), ("dead_since", deadSince.map { JSON($0) }),
      ("registered_again", registeredAgain?.json),
    ])
  }
}

extension ExplainedAttempt {
  fileprivate var json: JSON {
    .object(present: [
      ("position", .integer(position)), ("attempt", .integer(number)),
      ("provider", provider.map { .string($0.rawValue) }),
      ("outcome", outcome.map { .string($0.rawValue) }), ("status", status.map { .integer($0) }),
      ("reason", reason.map { .string($0) }), ("advice", advice.map { .string($0) }),
      ("provider_message_id", providerMessageID.map { .string($0) }),
      ("started_at", JSON(startedAt)), ("finished_at", JSON(finishedAt)),
      ("retry_at", retryAt.map { JSON($0) }), ("dispatcher", dispatcher.map { .string($0) }),
      ("fenced", .bool(isFenced)),
    ])
  }
}

extension ExplainedCallOff {
  fileprivate var json: JSON {
    .object(present: [
      ("reason", .string(reason.rawValue)), ("rule", reason.rule.json), ("event", event?.json),
      ("by", by.map { .string($0) }), ("why", why.map { .string($0) }),
    ])
  }
}

extension DeliveryStep {
  fileprivate var json: JSON {
    .object(present: [
      ("step", .string(kind.rawValue)), ("attempt", attempt.map { .integer($0) }),
      ("at", JSON(at)),
      ("seconds", .number(Self.seconds(took))),
    ])
  }

  /// With six decimals, never with an exponent.
  private static func seconds(_ took: Duration) -> String {
    let microseconds = took.wholeMicroseconds
    let decimals = String(microseconds.magnitude % 1_000_000)
    return (microseconds < 0 ? "-" : "") + String(microseconds.magnitude / 1_000_000) + "."
      + String(repeating: "0", count: 6 - decimals.count) + decimals
  }
}

extension ExplainedRetry {
  fileprivate var json: JSON {
    .object(present: [
      ("event", event.json), ("by", by.map { .string($0) }),
      ("reason", reason.map { .string($0) }),
    ])
  }
}
