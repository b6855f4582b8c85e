import Ledger
import Projections
import PushCore

/// A page that asks before something is done: the template `operate-ask`.
struct AskSheet: Sendable {
  struct Fact: Sendable {
    let name: String
    let value: String
  }

  struct Sentence: Sendable {
    let sentence: String
  }

  struct Count: Sendable {
    let type: String
    let events: String
  }

  struct Field: Sendable {
    let name: String
    let value: String
  }

  struct Form: Sendable {
    let action: String
    let fields: [Field]
    let button: String
    let isGrave: Bool
    let asksReason: Bool
  }

  var question: String
  var margin: String
  var facts: [Fact] = []
  var will: [Sentence] = []
  var stays: [Sentence] = []
  var counts: [Count] = []
  /// Why it can't be done; then there is no form.
  var obstacle: String?
  var form: Form?
  let back = Place.operate.path

  var hasFacts: Bool
  var hasCounts: Bool
  var hasWill: Bool
  var hasStays: Bool

  /// - Parameter button: Nil where it can't be done.
  init(
    _ question: String, margin: String, _ order: OperateOrder, facts: [Fact] = [], will: [String],
    stays: [String] = [], counts: [Count] = [], obstacle: String? = nil, button: String,
    isGrave: Bool = false, asksReason: Bool = false
  ) {
    self.question = question
    self.margin = margin
    self.facts = facts
    self.will = will.map { Sentence(sentence: $0) }
    self.stays = stays.map { Sentence(sentence: $0) }
    self.counts = counts
    self.obstacle = obstacle
    form =
      obstacle == nil
      ? Form(
        action: order.path, fields: order.fields.map { Field(name: $0.name, value: $0.value) },
        button: button, isGrave: isGrave, asksReason: asksReason) : nil
    hasFacts = !facts.isEmpty
    hasCounts = !counts.isEmpty
    hasWill = !will.isEmpty
    hasStays = !stays.isEmpty
  }
}
