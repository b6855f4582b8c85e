/// NDJSON files of events: one event a line, UTF-8, plain or gzip. See `docs/events.md`.
public enum EventFile {
  /// A line holds one event; its JSON may be longer than the event it stands for.
  public static let maximumLineBytes = 1_048_576
  /// Bytes read or written at once.
  static let chunkBytes = 256 * 1024
  /// Compressed bytes taken at once; they can inflate to a thousand times as many.
  static let compressedChunkBytes = 32 * 1024
  /// Standard input or output in place of a file.
  public static let standardStream = "-"
}
