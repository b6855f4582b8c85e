/// The stream limit as announced, and as it binds a client that may not have read it yet.
struct HTTP2StreamLimit {
  /// The newest one sent.
  private(set) var announced: Int
  private var acknowledgedLimit: Int
  private var onTheWay: [Int]

  init(_ value: Int) {
    announced = value
    acknowledgedLimit = value
    onTheWay = [value]
  }

  /// What a client must keep to now: the highest of those that it may still act by.
  var binding: Int { onTheWay.reduce(acknowledgedLimit, max) }

  mutating func announce(_ value: Int) {
    announced = value
    onTheWay.append(value)
  }

  mutating func acknowledged() {
    if !onTheWay.isEmpty { acknowledgedLimit = onTheWay.removeFirst() }
  }
}
