import TestSupport
import Testing

@testable import PushDispatch

@Suite struct ShareBudget {
  /// Takes for each purse in turn until none has room.
  private func fill(_ budget: inout Budget, _ purses: Range<Int>) -> [Int] {
    var taken = [Int](repeating: 0, count: purses.upperBound)
    var goesOn = true
    while goesOn {
      goesOn = false
      for purse in purses where budget.hasRoom(purse) {
        budget.take(purse)
        taken[purse] += 1
        goesOn = true
      }
    }
    return taken
  }

  @Test("gives one alone at most half, two a third each")
  func shares() {
    var budget = Budget(limit: 100)
    #expect(fill(&budget, 0..<1) == [50])
    budget = Budget(limit: 100)
    let two = fill(&budget, 0..<2)
    #expect(two.allSatisfy { (33...34).contains($0) }, "\(two)")
  }

  @Test("has room for one that comes new, whoever came before, and never more than the limit")
  func keepsRoom() {
    for seed in UInt64(1)...20 {
      var random = SeededRandom(seed: seed)
      var budget = Budget(limit: 60)
      var held: [Int] = []
      for _ in 0..<2_000 {
        let purse = Int.random(in: 0..<5, using: &random)
        if random.chance(60) {
          if budget.hasRoom(purse) {
            budget.take(purse)
            held.append(purse)
          }
        } else if let index = held.indices.randomElement(using: &random) {
          budget.giveBack(held.remove(at: index))
        }
        #expect(budget.hasRoom(99) && budget.open == held.count && budget.open <= 60, "\(seed)")
      }
    }
  }

  @Test("gives the room of those that left to those that stay")
  func givesBack() {
    var budget = Budget(limit: 30)
    let first = fill(&budget, 0..<3)
    for purse in 1..<3 { for _ in 0..<first[purse] { budget.giveBack(purse) } }
    let more = fill(&budget, 0..<1)
    #expect(first[0] + more[0] == 15)
  }
}
