import PushCore

/// A number that leads to the list of what it counts: the template `linked`.
struct ListLink: Sendable {
  let number: String
  /// Nil where there is nothing to list.
  let list: String?
  /// What the link is to who does not see where it stands.
  let listName: String
}

/// Makes links to lists of deliveries.
struct ListLinks {
  let from: Timestamp
  /// Nil: until now.
  let until: Timestamp?
  /// Nil: all of them.
  let provider: String?

  func link(_ number: Int64, _ status: DeliveryFilter.Status) -> ListLink {
    link(BoundedCount(number: number), status)
  }

  func link(_ count: BoundedCount, _ status: DeliveryFilter.Status) -> ListLink {
    ListLink(
      number: count.text, list: count.number > 0 ? filter(status).path() : nil,
      listName: "\(count.text) \(status.word)" + (provider.map { ", \($0)" } ?? ""))
  }

  func path(_ status: DeliveryFilter.Status) -> String { filter(status).path() }

  static func reason(_ reason: OverviewFacts.Reason, from start: Timestamp) -> String {
    let links = ListLinks(
      from: start, until: nil, provider: reason.provider.isEmpty ? nil : reason.provider)
    var filter = links.filter(DeliveryFilter.Status(rawValue: reason.status))
    filter.reason = reason.reason.isEmpty ? nil : reason.reason
    return filter.path()
  }

  private func filter(_ status: DeliveryFilter.Status?) -> DeliveryFilter {
    var filter = DeliveryFilter(at: from)
    filter.from = from
    filter.isFromGiven = true
    filter.until = until
    filter.provider = provider.flatMap { ProviderName(rawValue: $0) }
    filter.status = status
    return filter
  }
}
