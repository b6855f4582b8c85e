import Projections
import PushCore

/// What somebody on call has to know first: a sentence, and where it is seen to.
struct OverviewVerdict: Sendable {
  /// A piece of the sentence. A name stands alone, so that none of it turns what is around it.
  struct Part: Sendable {
    var words: String?
    var name: String?
  }

  struct Next: Sendable {
    let to: String
    let words: String
  }

  let tone: String
  let parts: [Part]
  let next: Next?

  /// A projection that is so far behind is told.
  private static let lateSeconds = 10.0

  private init(_ tone: String, _ parts: [Part], next: Next? = nil) {
    self.tone = tone
    self.parts = parts
    self.next = next
  }

  /// - Parameter start: From when on what is due is listed.
  static func all(_ facts: OverviewFacts, dueFrom start: Timestamp) -> [OverviewVerdict] {
    let verdicts =
      circuits(facts, start) + credentials(facts, start) + waiting(facts, start)
      + projections(facts)
    return verdicts.isEmpty
      ? [OverviewVerdict("ok", [words("Nothing stands still, and nothing waits for anybody.")])]
      : verdicts
  }

  private static func circuits(
    _ facts: OverviewFacts, _ start: Timestamp
  ) -> [OverviewVerdict] {
    facts.circuits.filter { $0.state == "open" }.map { circuit in
      let links = ListLinks(from: start, until: nil, provider: circuit.provider)
      return OverviewVerdict(
        "bad",
        [
          words("The circuit of "), name(circuit.name),
          words(", \(circuit.provider), is open: nothing is sent there."),
        ], next: Next(to: links.path(.due), words: "Show what waits"))
    }
  }

  private static func credentials(
    _ facts: OverviewFacts, _ start: Timestamp
  ) -> [OverviewVerdict] {
    facts.refusedCredentials.map { credential in
      let links = ListLinks(from: start, until: nil, provider: credential.provider)
      return OverviewVerdict(
        "bad",
        [
          words("The credential "), name(credential.credential),
          words(" of \(credential.provider) cannot be used: "), name(credential.reason),
        ], next: Next(to: links.path(.due), words: "Show what waits"))
    }
  }

  private static func waiting(
    _ facts: OverviewFacts, _ start: Timestamp
  ) -> [OverviewVerdict] {
    facts.due.flatMap { due in
      due.lacks.filter { $0.what != "waits_for_device" }.map { lack in
        let isPaused = lack.what == "paused"
        let links = ListLinks(from: start, until: nil, provider: due.provider)
        let one = lack.due.number == 1 && !lack.due.isAtLeast
        return OverviewVerdict(
          isPaused ? "warn" : "bad",
          [
            words(
              "\(lack.due.text) push\(one ? "" : "es") by \(due.provider) wait\(one ? "s" : ""): "
                + lack.what.replacing("_", with: " ") + ".")
          ],
          next: isPaused
            ? Next(to: Place.operate.path, words: "Resume")
            : Next(to: links.path(.due), words: "Show them"))
      }
    }
  }

  private static func projections(_ facts: OverviewFacts) -> [OverviewVerdict] {
    facts.projections.compactMap { projection in
      let (tone, saying): (String, String)
      if projection.condition == .failed, let position = projection.failedPosition {
        tone = "bad"
        saying = " stands still at position \(position.grouped): an event cannot be folded."
      } else if projection.condition == .paused {
        (tone, saying) = ("warn", " is paused.")
      } else if projection.serves, projection.lagSeconds > lateSeconds {
        let why =
          projection.condition == .mending ? ": it sets right what is due before it folds more" : ""
        (tone, saying) = ("warn", " is \(Words.age(projection.lagSeconds)) behind\(why).")
      } else {
        return nil
      }
      return OverviewVerdict(
        tone, [words("The projection "), name(projection.name), words(saying)],
        next: Next(to: Place.operate.path + "#h-projections", words: "See to it"))
    }
  }

  private static func words(_ words: String) -> Part { Part(words: words) }
  private static func name(_ name: String) -> Part { Part(name: name) }
}
