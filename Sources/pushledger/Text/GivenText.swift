extension String {
  /// What somebody gave, as an error names it: nothing would leave a hole in the sentence.
  var given: String { isEmpty ? "\"\"" : self }
}
