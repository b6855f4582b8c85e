import PushCore
import Testing

import struct Foundation.Data

@testable import Ledger

/// AES-256-GCM as a credential's secret is kept under it.
@Suite struct SealSecrets {
  private static let owner = SecretOwner(app: "chat", provider: "apns", credentialID: "main")
  private static let secret = "-----BEGIN PRIVATE KEY-----\nÄ 鍵 \"'\\\n"

  private static func text(_ byte: UInt8) -> String {
    Data(repeating: byte, count: MasterKey.bytes).base64EncodedString()
  }

  private static func keys(_ bytes: UInt8...) throws -> MasterKeys {
    try MasterKeys(parsing: bytes.map(text).joined(separator: "\n"))
  }

  private func refusal(_ body: () throws -> Void) -> FieldError? {
    do {
      try body()
      return nil
    } catch {
      return error as? FieldError
    }
  }

  @Test func opensWhatItSealed() throws {
    let keys = MasterKeys.random()
    for secret in [Self.secret, "s", String(repeating: "x", count: 65_536)] {
      let sealed = try SealedSecret(secret, of: Self.owner, under: keys)
      #expect(try sealed.opened(for: Self.owner, with: keys) == secret)
      #expect(sealed.bytes.count == 1 + 12 + secret.utf8.count + 16)
      #expect(sealed.bytes.first == 1)
      #expect(sealed.keyID == keys.currentID)
    }
  }

  /// A row of another program opens: the form is what the column's comment says.
  @Test func opensWhatAnotherSealed() throws {
    // Python's `cryptography`: AESGCM(b"k" * 32).encrypt(b"n" * 12, b"a secret", associated).
    let bytes = try #require(
      Hex.decode(
        "01" + "6e6e6e6e6e6e6e6e6e6e6e6e" + "f91b94d572c6e0ad6af3acbd0c532ebb808dcffd03ec6310"))
    let keys = try Self.keys(UInt8(ascii: "k"))
    let sealed = SealedSecret(bytes: bytes, keyID: keys.currentID)
    #expect(try sealed.opened(for: Self.owner, with: keys) == "a secret")
    #expect(keys.currentID == "5e318f8cf9cbe249")
  }

  @Test func sealsTheSameNeverTheSame() throws {
    let keys = MasterKeys.random()
    let sealed = try (0..<100).map { _ in
      try SealedSecret(Self.secret, of: Self.owner, under: keys).bytes
    }
    #expect(Set(sealed.map { Array($0[1..<13]) }).count == 100, "a nonce came twice")
  }

  /// A row that is copied onto another name does not open.
  @Test func opensForItsOwnerOnly() throws {
    let keys = MasterKeys.random()
    let sealed = try SealedSecret(Self.secret, of: Self.owner, under: keys)
    for other in [
      SecretOwner(app: "chat2", provider: "apns", credentialID: "main"),
      SecretOwner(app: "chat", provider: "fcm", credentialID: "main"),
      SecretOwner(app: "chat", provider: "apns", credentialID: "mai"),
      SecretOwner(app: "cha", provider: "tapns", credentialID: "main"),
      SecretOwner(app: "chat", provider: "apnsm", credentialID: "ain"),
    ] {
      let error = refusal { _ = try sealed.opened(for: other, with: keys) }
      #expect(error?.code == .malformed, "\(other)")
      #expect(error?.problem.contains("another credential") == true)
    }
  }

  @Test func opensWithNoOtherKey() throws {
    let sealed = try SealedSecret(Self.secret, of: Self.owner, under: try Self.keys(1))
    for keys in [nil, try Self.keys(2), try Self.keys(2, 3)] {
      let error = refusal { _ = try sealed.opened(for: Self.owner, with: keys) }
      #expect(error?.code == .unknownValue && error?.field == "secret")
      let text = error?.description ?? ""
      #expect(text.contains(sealed.keyID) && text.contains("PUSHLEDGER_MASTER_KEY"), "\(text)")
    }
    // Not even where a key goes by that name.
    let forged = SealedSecret(bytes: sealed.bytes, keyID: try Self.keys(2).currentID)
    #expect(
      refusal { _ = try forged.opened(for: Self.owner, with: try Self.keys(2)) }?.code
        == .malformed)
  }

  @Test func opensNothingThatWasDamaged() throws {
    let keys = MasterKeys.random()
    let sealed = try SealedSecret("secret", of: Self.owner, under: keys)
    for index in sealed.bytes.indices {
      var damaged = sealed
      damaged.bytes[index] ^= 0x10
      #expect(refusal { _ = try damaged.opened(for: Self.owner, with: keys) } != nil, "\(index)")
    }
    for count in [0, 1, 13, 28, sealed.bytes.count - 1] {
      let cut = SealedSecret(bytes: Array(sealed.bytes.prefix(count)), keyID: sealed.keyID)
      #expect(refusal { _ = try cut.opened(for: Self.owner, with: keys) } != nil, "\(count)")
    }
  }

  @Test func opensWithOlderKeysAndSealsWithTheFirst() throws {
    let old = try SealedSecret(Self.secret, of: Self.owner, under: try Self.keys(1))
    let both = try Self.keys(2, 1)
    #expect(try old.opened(for: Self.owner, with: both) == Self.secret)
    let new = try SealedSecret(Self.secret, of: Self.owner, under: both)
    #expect(new.keyID == (try Self.keys(2)).currentID && new.keyID != old.keyID)
    #expect(try new.opened(for: Self.owner, with: Self.keys(2)) == Self.secret)
  }

  @Test func readsKeysHoweverTheyAreWritten() throws {
    let (one, two) = (Self.text(0xFB), Self.text(0xFF))
    let urlSafe = one.replacing("+", with: "-").replacing("/", with: "_")
    #expect(one != urlSafe)
    let wanted = try [one, two].map { try MasterKeys(parsing: $0).currentID }
    for text in [
      "\(one)\n\(two)", "\(urlSafe),\(two)", "# of 2026\n\n  \(one)\r\n\t# older\r\n\(two)\r\n",
      "\(one.prefix { $0 != "=" }) , \(two),\n",
    ] {
      let keys = try MasterKeys(parsing: text)
      #expect([keys.currentID] + keys.older.map(\.id) == wanted, "\(text)")
    }
    #expect(try MasterKeys(parsing: MasterKeys.newKeyText()).older.isEmpty)
    #expect(MasterKeys.newKeyText() != MasterKeys.newKeyText())
  }

  @Test func namesWhatIsNoKeyWithoutShowingIt() throws {
    let good = Self.text(7)
    let many = (0...UInt8(MasterKeys.olderKeys)).map(Self.text).joined(separator: "\n")
    #expect(try MasterKeys(parsing: many).older.count == MasterKeys.olderKeys)
    for (text, field, says) in [
      ("", "key", "none"), ("# only this\n\n", "key", "none"), (" , ,", "key", "none"),
      ("S3cret!", "key[1]", "no base64"), (good + "\nS3cretWord", "key[2]", "base64"),
      (Data(repeating: 1, count: 31).base64EncodedString(), "key[1]", "31 bytes"),
      (Data(repeating: 1, count: 33).base64EncodedString(), "key[1]", "33 bytes"),
      (String(repeating: "ab", count: 32), "key[1]", "48 bytes"),
      ("key=" + good, "key[1]", "base64"), (good.dropLast(2) + "==", "key[1]", "bytes"),
      (many + "," + good, "key", "8 older"),
      (String(repeating: "#", count: MasterKeys.textBytes + 1), "key", "65536 bytes"),
    ] as [(String, String, String)] {
      let error = refusal { _ = try MasterKeys(parsing: text) }
      #expect(error?.field == field, "\(says)")
      let said = error?.description ?? ""
      #expect(said.contains(says), "\(said)")
      #expect(said.contains("new-key") || said.contains("older"), "\(said)")
      #expect(!said.contains("S3cret") && !said.contains(good.prefix(20)), "G13")
    }
  }

  /// G13: whatever is printed of a key names it and shows none of it.
  @Test func showsNoKey() throws {
    let text = MasterKeys.newKeyText()
    let bytes = try #require(Data(base64Encoded: text))
    let keys = try MasterKeys(parsing: text)
    var shown = ["\(keys)", String(reflecting: keys), "\(keys.current)"]
    shown.append(String(reflecting: keys.current))
    for value in [keys, keys.current] as [Any] {
      var dumped = ""
      dump(value, to: &dumped)
      shown.append(dumped)
    }
    for said in shown {
      #expect(said.contains(keys.currentID), "\(said)")
      for form in [text, Hex.encode(Array(bytes)), "\(Array(bytes))"] {
        #expect(!said.contains(form))
      }
    }
  }
}
