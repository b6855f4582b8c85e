import Foundation
import PushCore
import TestSupport
import Testing

@testable import API

@Suite struct SignUsers {
  private static let app: Int64 = 1_400_000_000
  private static let key = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
  private static let time: Int64 = 1_700_000_000
  private static let vector =
    "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkKjIT87NK82CSxSnZiQUFmSlAKUMTAyiAyqVWFGQWpYJkTE1N"
    + "jRDiJZm5YFFzNPXFmekgG3zKHM1T9D3LzdODi-OKs8vCqpxcAvydnV2SSv2cy03cPcpDnA2SMgu0nUxslWoBHdYzUg__"

  private func sign(
    _ user: String = "xiaojun", userbuf: [UInt8]? = nil, lifetime: Int64 = 15_552_000,
    key: String = key
  ) throws -> UserSig {
    try UserSig(
      identifier: user, sdkAppID: Self.app, issuedAt: Self.time, lifetime: lifetime,
      userbuf: userbuf, secretKey: key)
  }

  private func failure(
    _ sig: UserSig, user: String = "xiaojun", app: Int64 = app, now: Int64 = time,
    key: String = key
  ) -> UserSigError? {
    do throws(UserSigError) {
      try sig.verify(identifier: user, sdkAppID: app, now: now, secretKey: key)
      return nil
    } catch {
      return error
    }
  }

  /// The JSON inside, deflated again as other libraries do: not as ours does.
  private func text(_ json: String) -> String { SigBase64.encode(Zlib.deflate(Array(json.utf8))) }

  private func json(_ text: String) throws -> JSON {
    let deflated = try #require(SigBase64.decode(text))
    return try JSON.parse(try #require(Zlib.inflate(deflated, atMost: UserSig.jsonBytes)))
  }

  @Test("is good for 180 days unless another time is asked for")
  func lastsHalfAYear() throws {
    let sig = try UserSig(
      identifier: "ann", sdkAppID: 1, issuedAt: 1_700_000_000, secretKey: "k")
    #expect(sig.lifetime == 15_552_000 && sig.expiresAt == 1_715_552_000)
  }

  @Test("makes the published library's signature, to the byte")
  func makesTheVector() throws {
    #expect(try sign().text == Self.vector)
  }

  @Test("signs a userbuf with the rest")
  func signsAUserbuf() throws {
    let sig = try sign(userbuf: Array("abc".utf8))
    #expect(try json(sig.text)["TLS.sig"] == "QjT201xPkXk/aM1e+y0vakZb0K2iPrFue++0s5y6bFM=")
    #expect(try json(sig.text)["TLS.userbuf"] == "YWJj")
    let read = try UserSig(reading: sig.text)
    #expect(read == sig && failure(read) == nil)
    var other = try UserSig(reading: sig.text)
    other.userbuf = Array("abd".utf8)
    #expect(failure(other) == .otherKey)
    other.userbuf = nil
    #expect(failure(other) == .otherKey)
  }

  @Test("reads what it made, and what others made in another order and stored uncompressed")
  func reads() throws {
    let read = try UserSig(reading: Self.vector)
    #expect(read.identifier == "xiaojun" && read.sdkAppID == Self.app)
    #expect(read.issuedAt == Self.time && read.expiresAt == Self.time + 15_552_000)
    #expect(failure(read) == nil)
    let reordered = """
      {"TLS.sig":"LvA7d/Iw7gSsnskvVzBDPOCCDbuNCw4GHwTC0bip+B4=","TLS.time":1700000000,
      "TLS.expire":15552000,"TLS.sdkappid":1400000000,"TLS.identifier":"xiaojun","TLS.ver":"2.0"}
      """
    #expect(try UserSig(reading: text(reordered)) == read)
    // Deflate with a stored block, as the Go library writes it.
    let plain = Array(reordered.utf8)
    let length = UInt16(plain.count)
    var adler: (UInt32, UInt32) = (1, 0)
    for byte in plain {
      adler.0 = (adler.0 + UInt32(byte)) % 65_521
      adler.1 = (adler.1 + adler.0) % 65_521
    }
    let sum = adler.1 << 16 | adler.0
    let stored: [UInt8] =
      [0x78, 0x01, 0x01, UInt8(length & 0xFF), UInt8(length >> 8)]
      + [UInt8(~length & 0xFF), UInt8(~length >> 8)] + plain
      + [24, 16, 8, 0].map { UInt8(sum >> $0 & 0xFF) }
    #expect(try UserSig(reading: SigBase64.encode(stored)) == read)
  }

  @Test("names what does not fit by Tencent's code")
  func refuses() throws {
    let sig = try sign(lifetime: 60)
    #expect(failure(sig, now: Self.time + 60) == nil)
    #expect(failure(sig, now: Self.time + 61) == .expired)
    #expect(failure(sig, user: "xiaojuN") == .otherIdentifier)
    #expect(failure(sig, app: Self.app + 1) == .otherApp)
    #expect(failure(sig, key: String(Self.key.dropLast()) + "f") == .otherKey)
    #expect(try failure(sign(key: "other")) == .otherKey)
    #expect(
      UserSigError.allCases.map(\.rawValue) == [70001, 70002, 70003, 70009, 70013, 70014])
  }

  @Test("what is known is checked again for whom, until when and with which key")
  func remembers() throws {
    let known = KnownSigs()
    func failure(
      user: String = "xiaojun", app: Int64 = Self.app, now: Int64 = Self.time,
      key: String = Self.key
    ) -> UserSigError? {
      do throws(UserSigError) {
        try known.verify(
          Self.vector, identifier: user, sdkAppID: app, now: now, secretKey: key)
        return nil
      } catch {
        return error
      }
    }
    #expect(failure(key: "other") == .otherKey)
    for _ in 0..<2 { #expect(failure() == nil) }
    #expect(failure(user: "ann") == .otherIdentifier && failure(app: 1) == .otherApp)
    #expect(failure(now: Self.time + 15_552_001) == .expired)
    #expect(failure(key: "other") == .otherKey, "the key was replaced")
    #expect(failure() == nil)
  }

  @Test("a change to any part is found")
  func findsTampering() throws {
    let members = try #require(try json(Self.vector).members)
    let changes: [String: JSON] = [
      "TLS.identifier": "xiaojuo", "TLS.sdkappid": 1_400_000_001, "TLS.time": 1_700_000_001,
      "TLS.expire": 15_552_001, "TLS.sig": "LvA7d/Iw7gSsnskvVzBDPOCCDbuNCw4GHwTC0bip+B8=",
    ]
    for (name, value) in changes {
      let json = JSON.object(
        members.map { $0.key == name ? JSON.Member(name, value) : $0 })
      let sig = try UserSig(reading: text(json.text))
      #expect(!sig.isSigned(with: Self.key), "\(name)")
    }
    #expect(
      try UserSig(reading: text(JSON.object(members).text)).isSigned(with: Self.key),
      "and no change is none")
  }

  @Test("what is no signature is refused, however it is broken")
  func refusesNoise() throws {
    func failure(_ text: String) -> UserSigError? {
      do throws(UserSigError) {
        _ = try UserSig(reading: text)
        return nil
      } catch {
        return error
      }
    }
    #expect(failure("") == .empty)
    let whole = try #require(try json(Self.vector).members)
    for name in whole.map(\.key) {
      let missing = JSON.object(whole.filter { $0.key != name })
      #expect(failure(text(missing.text)) == .illegal, "\(name) is missing")
      let wrong = JSON.object(whole.map { $0.key == name ? JSON.Member(name, [1]) : $0 })
      #expect(failure(text(wrong.text)) == .illegal, "\(name) is an array")
    }
    for bad in [
      "x", "____", Self.vector + "A", String(Self.vector.dropLast(4)),
      Self.vector.replacing("_", with: "="), String(repeating: "A", count: 8_193),
      text("[]"), text("{}"), text(String(repeating: " ", count: UserSig.jsonBytes + 1)),
      text(JSON.object(whole + [JSON.Member("TLS.userbuf", "no base64")]).text),
    ] { #expect(failure(bad) == .illegal, "\(bad.prefix(40))") }
    var random = SeededRandom(seed: 7)
    for _ in 0..<5_000 {
      var bytes = Array(Self.vector.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
          in: 0x21...0x7E, using: &random)
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if text == Self.vector { continue }
      let sig = try? UserSig(reading: text)
      #expect(sig == nil || sig?.text == Self.vector || sig?.isSigned(with: Self.key) == false)
    }
  }

  @Test("names what can't be signed")
  func namesWhatCannotBeSigned() {
    func field(_ make: () throws -> UserSig) -> String? {
      do {
        _ = try make()
        return nil
      } catch {
        return (error as? FieldError)?.field
      }
    }
    func make(
      _ user: String = "ann", _ app: Int64 = 1, _ time: Int64 = 0, _ lifetime: Int64 = 1,
      _ userbuf: [UInt8]? = nil, _ key: String = "k"
    ) -> String? {
      field {
        try UserSig(
          identifier: user, sdkAppID: app, issuedAt: time, lifetime: lifetime, userbuf: userbuf,
          secretKey: key)
      }
    }
    #expect(make() == nil)
    #expect(make("") == "identifier" && make("a\nTLS.time:1") == "identifier")
    #expect(make(String(repeating: "a", count: 257)) == "identifier")
    #expect(make("ann", 0) == "sdkappid" && make("ann", 1, -1) == "time")
    #expect(make("ann", 1, 0, 0) == "expire")
    #expect(make("ann", 1, 0, 1, [UInt8](repeating: 0, count: 4_097)) == "userbuf")
    #expect(make("ann", 1, 0, 1, nil, "") == "secret_key")
  }
}
