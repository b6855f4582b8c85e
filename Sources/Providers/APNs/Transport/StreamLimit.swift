/// How many requests a connection may have open at once.
///
/// The server's SETTINGS are followed up and down. With token authentication exactly one request
/// goes first, whatever the server announced, until an answer shows that the token was taken.
struct StreamLimit: Equatable {
  /// What a server allows that names no limit, for all we know: HTTP/2 asks for no less.
  static let unannounced = 100

  /// Our own bound.
  let cap: Int
  private(set) var isWarm: Bool
  private var announced: Int?

  init(cap: Int, needsWarmUp: Bool) {
    self.cap = cap
    isWarm = !needsWarmUp
  }

  var allowed: Int {
    let open = min(cap, announced ?? Self.unannounced)
    return isWarm ? open : min(1, open)
  }

  mutating func announce(_ streams: Int) { announced = max(0, streams) }

  /// A refusal for another reason than the credential comes after the token was looked at.
  mutating func sawAnswer(status: Int) {
    if status == 200 || ((400..<500).contains(status) && status != 401 && status != 403) {
      isWarm = true
    }
  }
}
