/// An id, as the partial `id` shows it: a link where there is a page for it.
struct PageID: Sendable {
  let id: String
  var link: String?
}

/// How something is, as the partial `status` shows it.
struct PageState: Sendable {
  /// One of the words that there is a glyph for.
  let status: String
  let word: String
}
