#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads keys off the terminal one by one, without an enter after each.
struct StepKeys: ~Copyable {
  enum Answer { case next, all, quit }

  private var original = termios()

  static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

  init() { tcgetattr(STDIN_FILENO, &original) }

  /// Waits for a key that means something; the end of input quits. The terminal gives keys one by one
  /// only meanwhile, Ctrl-C among them.
  func wait() -> Answer {
    var (raw, original) = (original, original)
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
    tcsetattr(STDIN_FILENO, TCSANOW, &raw)
    defer { tcsetattr(STDIN_FILENO, TCSANOW, &original) }
    var key: UInt8 = 0
    while read(STDIN_FILENO, &key, 1) == 1 {
      switch key {
      case UInt8(ascii: "n"), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        return .next
      case UInt8(ascii: "a"): return .all
      case UInt8(ascii: "q"), 3, 4: return .quit
      default: continue
      }
    }
    return .quit
  }
}
