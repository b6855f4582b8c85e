extension DeliveryTable {
  /// Puts in deliveries that were stored, before any output is applied. They come in the order of
  /// their messages.
  mutating func insert(_ stored: [Delivery]) {
    for delivery in stored where suppressedRowsLimit != nil || delivery.status != .suppressed {
      let conversation = conversations.number(delivery.conversation)
      if messages.last?.position != delivery.position {
        messages.append(
          MessageEntry(
            id: delivery.message, position: delivery.position, recordedAt: delivery.decidedAt,
            expiresAt: delivery.expiresAt, conversation: conversation,
            first: Int32(records.count)))
      }
      let record = self.record(of: delivery)
      if delivery.status == .due {
        due[record.user, default: [:]][conversation, default: []].append(Int32(records.count))
      }
      let extra = Extra(
        duePosition: delivery.duePosition, deliveredAt: delivery.deliveredAt,
        openedAt: delivery.openedAt, notShownAt: delivery.notShownAt,
        notShownReason: delivery.notShownReason)
      if extra != Extra() { extras[Int32(records.count)] = extra }
      records.append(record)
      ids.append(delivery.id)
      places.addLast(of: ids)
    }
  }

  private mutating func record(of delivery: Delivery) -> Record {
    var record = Record(
      message: Int32(messages.count - 1), user: users.number(delivery.user),
      device: number(delivery.device?.rawValue), appVersion: number(delivery.appVersion),
      platform: Self.code(delivery.platform, Self.platforms),
      provider: Self.code(delivery.provider, Self.providers),
      status: Self.code(delivery.status, Self.statuses))
    record.sound = number(delivery.sound)
    record.reason = number(delivery.reason)
    record.attempts = delivery.attempts
    record.badge = delivery.badge ?? Record.noNumber
    record.firstAttemptAt = delivery.firstAttemptAt?.microseconds ?? Record.noNumber
    record.endedAt = delivery.endedAt?.microseconds ?? Record.noNumber
    return record
  }
}
