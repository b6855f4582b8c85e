import PushCore
import Testing

import struct Foundation.UUID

@testable import PushDispatch

@Suite struct OrderDeliveries {
  @Test("asks for one delivery of each device before a second one of any")
  func isFair() {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann", "ann", "ann", "bob", "cho"])
    #expect(rig.ask(3) == [ids[0], ids[4], ids[5]])
    #expect(rig.ask() == [ids[1], ids[2]], "no more than so many ahead of a device's turn")
  }

  @Test("G9: sends a device's next delivery when the one before has ended, and no sooner")
  func keepsTheOrder() {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann", "ann"])
    #expect(rig.handOut(rig.ask()) == [1])
    #expect(rig.tick() == [])
    #expect(rig.answer(ids[0]) == [2], "what is loaded follows at once, recorded or not")
    #expect(rig.record(ids[0]) == [])
    #expect(rig.answer(ids[1]) == [3])
  }

  @Test("G9: what turns up before what is held goes before it, but for what is about to go")
  func putsTheEarlierFirst() {
    var rig = StrandRig()
    let held = rig.list(["ann", "ann", "ann"], from: 1)
    let ids = rig.list(["ann", "ann", "ann"], known: [UUID()] + held)
    #expect(rig.ask() == [held[0], ids[0], held[1]])
  }

  @Test("G9: a retry holds back what stands behind it, and only that device")
  func retriesInOrder() {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann", "bob"])
    let asked = rig.ask()
    #expect(Set(rig.handOut(asked)) == [1, 3])
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.ask() == [], "not before the attempt is in the ledger")
    #expect(rig.record(ids[0], retryAt: rig.now + .seconds(5)) == [])
    rig.now = rig.now + .seconds(4)
    #expect(rig.tick() == [] && rig.ask() == [])
    rig.now = rig.now + .seconds(1)
    _ = rig.tick()
    let again = rig.ask()
    #expect(again == [ids[0], ids[1]])
    #expect(rig.handOut(again) == [1])
    #expect(rig.strand.entries[ids[0]]?.row.attempts == 1)
  }

  @Test("G8, G9: what was asked for behind a retry is given back, and goes after it")
  func givesBackWhatStandsBehindARetry() {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask(1)) == [1])
    #expect(rig.ask() == [ids[1]])
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.record(ids[0], retryAt: rig.now + .seconds(5)) == [])
    #expect(rig.handOut([ids[1]]) == [])
    #expect(rig.gates.budget.open == 0 && rig.strand.open.isEmpty)
    rig.now = rig.now + .seconds(5)
    _ = rig.tick()
    #expect(rig.ask() == ids)
    #expect(rig.handOut(ids) == [1])
    #expect(rig.answer(ids[0]) == [2])
  }

  @Test("G9: what was asked for and dropped meanwhile is read again before what stands behind it")
  func readsAgainInOrder() throws {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask(1)) == [1])
    #expect(rig.ask() == [ids[1]])
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.record(ids[0], retryAt: rig.now) == [])
    try rig.refuseCredential()
    #expect(rig.ask() == [], "the first is put aside, and the second with it")
    rig.gates.circuits.keep { _ in false }
    rig.strand.passed.resolveAll()
    #expect(rig.strand.nextListing(&rig.gates, at: rig.now)?.after == .before(1))
    let third = rig.list(["ann", "ann", "ann"], known: ids)[2]
    let first = rig.ask()
    #expect(first == [ids[0]])
    #expect(rig.handOut(first) == [1])
    #expect(rig.answer(ids[0]) == [] && rig.ask() == [])
    #expect(rig.handOut([ids[1]]) == [])
    rig.now = rig.now + .seconds(1)
    #expect(rig.strand.nextListing(&rig.gates, at: rig.now)?.after == .before(2))
    _ = rig.list(["ann", "ann", "ann"], known: ids + [third], from: 1)
    #expect(rig.ask() == [ids[1], third])
    #expect(rig.handOut([ids[1], third]) == [2])
  }

  @Test("G9: no probe overtakes what was put aside while it was being looked for")
  func probesInOrder() throws {
    var rig = StrandRig()
    let ids = rig.list(["ann", "bob", "ann"])
    #expect(rig.handOut(rig.ask(1)) == [1])
    try rig.refuseCredential()
    #expect(rig.ask() == [], "the second and the third are put aside")
    #expect(rig.strand.probeListing(rig.route)?.after == .before(2))
    #expect(rig.answer(ids[0], isFinal: false) == [])
    #expect(rig.record(ids[0], retryAt: rig.now) == [])
    #expect(rig.ask() == [], "and now the first too")
    rig.now = rig.now + .seconds(60)
    rig.strand.sendUntil = rig.now + .seconds(10)
    // Bob's was called off meanwhile.
    _ = rig.list(["ann", "bob", "ann"], known: ids, from: 2)
    #expect(rig.ask() == [])
    #expect(rig.strand.probeListing(rig.route)?.after == .before(1))
    _ = rig.list(["ann"], known: ids)
    #expect(rig.ask() == [ids[0]])
  }

  @Test("what is no longer due makes way for what stands behind it")
  func skipsCalledOff() {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask(), without: [ids[0]]) == [2])
    #expect(rig.gates.budget.open == 1)
  }

  @Test("asks again for what waited too long for its turn: it may have been called off")
  func asksAgain() {
    var rig = StrandRig()
    let ids = rig.list(["ann", "ann"])
    #expect(rig.handOut(rig.ask()) == [1])
    rig.now = rig.now + .seconds(2)
    #expect(rig.answer(ids[0]) == [])
    #expect(rig.ask() == [ids[1]])
    #expect(rig.handOut([ids[1]]) == [2])
  }

  @Test("sends nothing at the end of a lease, and goes on once it is renewed")
  func heedsTheLease() {
    var rig = StrandRig()
    _ = rig.list(["ann"])
    let asked = rig.ask()
    rig.now = rig.strand.sendUntil
    #expect(rig.handOut(asked) == [])
    #expect(rig.tick() == [] && rig.ask() == [])
    rig.strand.sendUntil = rig.now + .seconds(5)
    var sent = rig.tick()
    if sent.isEmpty { sent = rig.handOut(rig.ask()) }
    #expect(sent == [1])
  }

  @Test("gives back what it has of the budget when it closes or is lost")
  func givesBack() {
    var rig = StrandRig()
    _ = rig.list(["ann", "ann", "bob"])
    _ = rig.handOut(rig.ask())
    #expect(rig.gates.budget.open == 3)
    rig.strand.close(&rig.gates, at: rig.now)
    #expect(rig.gates.budget.open == 2, "what is on its way is waited for")
    #expect(rig.strand.open.count == 2)
    rig.strand.abandon(&rig.gates, at: rig.now)
    #expect(rig.gates.budget.open == 2, "it is given back when it is recorded")
  }

  @Test("a probe that ends before it is sent makes room for another at once")
  func endsProbes() throws {
    var rig = StrandRig()
    rig.strand.sendUntil = World.start + .seconds(10_000)
    let ids = rig.list(["ann", "bob"])
    try rig.refuseCredential()
    rig.now = World.start + .seconds(3_595)
    #expect(rig.ask() == [ids[0]], "one goes first, to see")
    #expect(rig.gates.gate(rig.route, at: rig.now) == .closed)
    rig.now = World.start + .seconds(3_601)
    #expect(rig.handOut([ids[0]]) == [], "it has expired")
    #expect(rig.gates.gate(rig.route, at: rig.now) == .probe)
  }
}
