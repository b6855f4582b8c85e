import PushCore
import Testing

@testable import Console

@Suite("Say things on a page")
struct SayThings {
  @Test("what a rule has in backticks stands in quotation marks")
  func quotes() {
    #expect(Words.quoted("before `muted_until`.") == "before “muted_until”.")
    #expect(Words.quoted("`a` or `b`") == "“a” or “b”")
    #expect(Words.quoted("none") == "none" && Words.quoted("") == "")
  }

  @Test("times of an explanation are written as the page writes them, and nothing else is touched")
  func dates() {
    #expect(
      Words.dated(
        "background since 2026-11-27T19:20:05.951Z (at 7), registered 2026-01-02T03:04:05Z")
        == "background since 2026-11-27 19:20:05.951 (at 7), registered 2026-01-02 03:04:05")
    for text in [
      "", "2026-11-27", "2026-11-27T19:20:05", "2026-11-27T19:20:05+01:00", "20T", "é\u{202E}x",
      "2026-11-27T19:20:05.951", "1503-9999-0000T",
    ] { #expect(Words.dated(text) == text, "\(text)") }
  }

  @Test("what has to be known first leads to where it is seen to")
  func leadsOn() throws {
    var facts = OverviewFacts()
    let start = try #require(Timestamp(iso8601: "2026-11-27T19:00:00Z"))
    #expect(OverviewVerdict.all(facts, dueFrom: start).map(\.tone) == ["ok"])
    facts.due = [
      ("apns", "no_credential", 1), ("fcm", "paused", 2), ("huawei", "waits_for_device", 3),
    ].map { provider, lack, number in
      let due = BoundedCount(number: Int64(number))
      return DueNow(
        provider: provider, due: due, backingOff: BoundedCount(), inFlight: 0, isWhole: true,
        lacks: [DueNow.Lack(what: lack, due: due)])
    }
    let verdicts = OverviewVerdict.all(facts, dueFrom: start)
    #expect(
      verdicts.map { $0.parts.compactMap { $0.words ?? $0.name }.joined() } == [
        "1 push by apns waits: no credential.", "2 pushes by fcm wait: paused.",
      ])
    #expect(verdicts.map(\.tone) == ["bad", "warn"])
    #expect(verdicts[0].next?.to.hasPrefix("/console/deliveries?") == true)
    #expect(verdicts[0].next?.to.contains("provider=apns") == true)
    #expect(verdicts[1].next?.to == "/console/operate")
  }
}
