/// Whether an IP address is one of the public internet: what a server may call that others name to
/// it. Everything that leads into its own network, or nowhere, is not (RFC 6890 and its registry).
public enum PublicAddress {
  /// - Parameter bytes: 4 for IPv4, 16 for IPv6, in network order.
  public static func holds(_ bytes: [UInt8]) -> Bool {
    switch bytes.count {
    case 4: return isPublic4(bytes)
    case 16: return isPublic6(bytes)
    default: return false
    }
  }

  private static let private4: [(UInt32, UInt32)] = [
    (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16),
    (0xAC10_0000, 12), (0xC000_0000, 24), (0xC000_0200, 24), (0xC058_6300, 24),
    (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24), (0xCB00_7100, 24),
    (0xE000_0000, 4), (0xF000_0000, 4),
  ]

  private static func isPublic4(_ bytes: [UInt8]) -> Bool {
    let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return !private4.contains { network, length in
      number >> (32 - length) == network >> (32 - length)
    }
  }

  private static func isPublic6(_ bytes: [UInt8]) -> Bool {
    let words = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    // An IPv4 address inside: mapped, translated (NAT64), 6to4.
    if words[0...4].allSatisfy({ $0 == 0 }), words[5] == 0xFFFF {
      return isPublic4(Array(bytes[12...]))
    }
    if words[0] == 0x64, words[1] == 0xFF9B {
      return words[2...5].allSatisfy { $0 == 0 } && isPublic4(Array(bytes[12...]))
    }
    if words[0] == 0x2002 { return isPublic4(Array(bytes[2..<6])) }
    // Global unicast is 2000::/3; of that, Teredo, ORCHID, documentation and benchmarks are not.
    guard words[0] >> 13 == 1 else { return false }
    if words[0] == 0x2001, words[1] < 0x200 { return false }
    if words[0] == 0x2001, words[1] == 0x0DB8 { return false }
    return !(words[0] == 0x3FFF && words[1] < 0x1000)
  }
}
