/// Which blocks a PEM text holds, by their labels, such as `PRIVATE KEY`.
struct PEMBlocks {
  let labels: [String]

  init(_ secret: SecretText) {
    let opening = "-----BEGIN "
    let closing = "-----"
    labels = secret.reveal().split(whereSeparator: \.isNewline).compactMap { line in
      guard line.hasPrefix(opening), line.hasSuffix(closing),
        line.utf8.count > opening.utf8.count + closing.utf8.count
      else { return nil }
      return String(line.dropFirst(opening.count).dropLast(closing.count))
    }
  }

  func hold(label: String) -> Bool { labels.contains(label) }
}
