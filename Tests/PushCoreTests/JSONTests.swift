import PushCore
import Testing

@Suite("Read JSON")
struct ReadJSON {
  @Test(
    "refuses what jsonb refuses, and says where",
    arguments: [
      (#"{"a":"\u0000"}"#, "u0000"), (#"["\ud800"]"#, "lone surrogate"),
      (#"["\ud800\u0041"]"#, "lone surrogate"), (#"["\udc00"]"#, "lone surrogate"),
      ("1e400", "400 digits"), ("1e-401", "400 digits"), ("1e200000", "400 digits"),
      ("01", "leading zero"),
      ("-", "digit"), ("1.", "digit"), ("1e", "digit"), ("[1,]", "no JSON value"),
      ("{\"a\":1,}", "expected a key"), ("{\"a\" 1}", "expected :"), ("[1 2]", "expected , or ]"),
      ("\"a", "ends within a string"), ("\"\u{01}\"", "control character"), ("tru", "neither"),
      ("", "ends where a value"), ("1 2", "after the end"), (#"{"a":1,"a":2}"#, "twice"),
      (#""\x""#, "unknown escape"), (#""\u12g4""#, "hexadecimal"), ("NaN", "no JSON value"),
    ])
  func refuses(_ text: String, _ part: String) {
    let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(error?.problem.contains(part) == true, "\(error?.problem ?? "")")
  }

  @Test func refusesBytesThatAreNoUTF8() {
    #expect(throws: JSONError.self) { try JSON.parse([0x22, 0xC3, 0x28, 0x22] as [UInt8]) }
    #expect(throws: JSONError.self) { try JSON.parse([0x22, 0xED, 0xA0, 0x80, 0x22] as [UInt8]) }
  }

  @Test func boundsNesting() throws {
    let deep = String(repeating: "[", count: Limits.jsonDepth)
    let closed = deep + String(repeating: "]", count: Limits.jsonDepth)
    #expect(throws: Never.self) { try JSON.parse(closed) }
    #expect(throws: JSONError.self) { try JSON.parse("[" + closed + "]") }
  }

  @Test(
    "writes what it read",
    arguments: [
      #"{"a":[1,2.50,-3e+2,true,false,null],"b":{"c":"é\n\"\\","d":[]}}"#, #""😀""#, "0", "{}",
    ])
  func roundTrips(_ text: String) throws {
    #expect(try JSON.parse(text).text == text)
  }

  @Test func joinsSurrogatePairs() throws {
    #expect(try JSON.parse(#""\ud83d\ude00\u0041""#) == .string("😀A"))
  }

  @Test func findsARepeatedKeyAmongMany() {
    let members = (0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")
    #expect(throws: Never.self) { try JSON.parse("{\(members)}") }
    #expect(throws: JSONError.self) { try JSON.parse("{\(members),\"k3\":1}") }
  }

  @Test func canonicalFormSortsAndEscapes() throws {
    let json = try JSON.parse(#"{"b":"é😀","a":{"z":1,"y":[{"d":0,"c":0}]}}"#)
    #expect(
      String(decoding: json.canonical(), as: UTF8.self)
        == #"{"a":{"y":[{"c":0,"d":0}],"z":1},"b":"\u00e9\ud83d\ude00"}"#)
  }
}

@Suite("Read times")
struct ReadTimes {
  @Test(
    "takes RFC 3339",
    arguments: [
      ("2004-11-15T12:18:00.025Z", 1_100_521_080_025_000), ("1970-01-01T00:00:00Z", 0),
      ("2024-02-29T23:59:59.999999999+01:00", 1_709_247_599_999_999),
      ("2026-01-31 09:30:00-05:30", 1_769_871_600_000_000),
    ] as [(String, Int64)])
  func takes(_ text: String, _ microseconds: Int64) {
    #expect(Timestamp(iso8601: text)?.microseconds == microseconds)
  }

  @Test(
    "refuses anything else",
    arguments: [
      "", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-1-1T00:00:00Z", "2024-01-01",
      "2024-01-01T24:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "1700000000",
      "2024-01-01T00:00:00+1", "2024-01-01T00:00:00Zx", "0000-01-01T00:00:00Z",
    ])
  func refuses(_ text: String) { #expect(Timestamp(iso8601: text) == nil) }

  @Test func writesWhatItReads() {
    for microseconds in stride(from: Int64(0), to: 4_000_000_000_000_000, by: 7_777_777_777_777) {
      let instant = Timestamp(microseconds: microseconds)
      #expect(Timestamp(iso8601: instant.description) == instant)
    }
  }
}
