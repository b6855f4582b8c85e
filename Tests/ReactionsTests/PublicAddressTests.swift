import PushCore
import Testing

@Suite struct TellAddressesApart {
  @Test(arguments: [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1",
  ])
  func keepsToThePublicInternet(_ text: String) {
    let bytes = text.split(separator: ".").compactMap { UInt8($0) }
    #expect(!PublicAddress.holds(bytes))
    let zeros = [UInt8](repeating: 0, count: 10)
    #expect(!PublicAddress.holds(zeros + [0xFF, 0xFF] + bytes), "mapped into IPv6")
    #expect(!PublicAddress.holds([0x20, 0x02] + bytes + zeros), "6to4")
    let nat64: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(!PublicAddress.holds(nat64 + bytes), "NAT64")
  }

  @Test(arguments: ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "223.255.255.255"])
  func letsTheInternetThrough(_ text: String) {
    let bytes = text.split(separator: ".").compactMap { UInt8($0) }
    #expect(PublicAddress.holds(bytes))
    #expect(PublicAddress.holds([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes))
  }

  @Test func knowsIPv6() {
    func address(_ first: [UInt8], last: UInt8 = 1) -> [UInt8] {
      first + [UInt8](repeating: 0, count: 15 - first.count) + [last]
    }
    for inside: [UInt8] in [
      [], [0xFC], [0xFD, 1], [0xFE, 0x80], [0xFF, 2], [0x20, 1, 0x0D, 0xB8],
    ] {
      #expect(!PublicAddress.holds(address(inside)))
    }
    #expect(PublicAddress.holds(address([0x26, 0x06, 0x47, 0x00])))
    #expect(!PublicAddress.holds([1, 2, 3]))
  }
}
