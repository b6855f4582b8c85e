import PushCore

/// Positions of one ledger: a bit for each, in pages that are there only while they hold one.
struct PositionSet {
  private static let bitsPerWord: Position = 64
  private static let wordsPerPage = 64
  private static let bitsPerPage = bitsPerWord * Position(wordsPerPage)

  private var pages: [Position: [UInt64]] = [:]

  /// The lowest; nil where there is none.
  var first: Position? {
    guard let page = pages.keys.min(), let words = pages[page],
      let word = words.firstIndex(where: { $0 != 0 })
    else { return nil }
    return page * Self.bitsPerPage + Position(word) * Self.bitsPerWord
      + Position(words[word].trailingZeroBitCount)
  }

  /// - Parameter position: 0 or more.
  mutating func insert(_ position: Position) {
    let place = Self.place(position)
    pages[place.page, default: Array(repeating: 0, count: Self.wordsPerPage)][place.word] |=
      place.bit
  }

  mutating func remove(_ position: Position) {
    guard position >= 0 else { return }
    let place = Self.place(position)
    guard pages[place.page] != nil else { return }
    pages[place.page]?[place.word] &= ~place.bit
    if pages[place.page]?.allSatisfy({ $0 == 0 }) == true { pages[place.page] = nil }
  }

  private static func place(_ position: Position) -> (page: Position, word: Int, bit: UInt64) {
    let (page, rest) = position.quotientAndRemainder(dividingBy: bitsPerPage)
    return (page, Int(rest / bitsPerWord), 1 << UInt64(rest % bitsPerWord))
  }
}
