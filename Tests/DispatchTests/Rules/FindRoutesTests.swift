import Ledger
import Providers
import PushCore
import Testing

@testable import PushDispatch

@Suite struct FindRoutes {
  private let app = World.app

  private func routes(_ credentials: [LoadedCredential]) -> Routes {
    var routes = Routes(providers: [FakeAPNs()])
    routes.replace(CredentialBook().updated(with: credentials))
    return routes
  }

  private func key(
    _ topic: String? = World.topic, _ environment: PushEnvironment = .production,
    of app: AppID = World.app, provider: ProviderName = .apns, credential: String? = nil
  ) -> RouteKey {
    RouteKey(
      app: app, provider: provider, topic: topic, environment: environment, credential: credential)
  }

  private func lack(_ key: RouteKey, _ credentials: [LoadedCredential]) -> DispatchLack? {
    var routes = routes(credentials)
    let id = routes.id(of: key)
    guard case .failure(let lack) = routes[id].way else { return nil }
    return lack.why
  }

  private func credential(_ key: RouteKey, _ credentials: [LoadedCredential]) -> String? {
    var routes = routes(credentials)
    let id = routes.id(of: key)
    guard case .success(let way) = routes[id].way else { return nil }
    return way.id.id
  }

  @Test("says what a delivery lacks")
  func saysWhatLacks() {
    let main = TestCredential.loaded(of: app)
    let sandbox = TestCredential.loaded(of: app, environment: .sandbox)
    let topics = TestCredential.loaded(of: app, topics: ["a", "b"])
    let broken = TestCredential.loaded(of: app, secret: .success("no key"))
    #expect(lack(key(provider: .fcm), [main]) == .provider)
    #expect(lack(key("stream", provider: .callback), [main]) == .device)
    #expect(lack(key("webhook", provider: .callback), [main]) == .provider)
    #expect(lack(key(), []) == .credential)
    #expect(lack(key(of: AppID(unchecked: "other")), [main]) == .credential)
    #expect(lack(key(), [broken]) == .usableCredential)
    #expect(lack(key(), [sandbox]) == .environment)
    #expect(lack(key(), [topics]) == .topic)
    #expect(lack(key(nil), [topics]) == .topicNamed)
    #expect(lack(key(), [main]) == nil)
    #expect(lack(key("a"), [broken, topics]) == nil)
  }

  @Test("takes the credential that names more of what the device named, else the oldest")
  func choosesTheNearest() {
    let any = TestCredential.loaded("any", of: app)
    let later = TestCredential.loaded("later", of: app)
    let sandbox = TestCredential.loaded("sandbox", of: app, environment: .sandbox)
    let topic = TestCredential.loaded("topic", of: app, topics: [World.topic])
    let all = [any, later, sandbox, topic]
    #expect(credential(key(), all) == "topic")
    #expect(credential(key("else"), all) == "any")
    #expect(credential(key("else", .sandbox), all) == "sandbox")
    #expect(credential(key(World.topic, .sandbox), all) == "topic")
    #expect(credential(key(), [later, any]) == "later")
  }

  @Test("takes the credential that the device's token belongs to, and no other")
  func takesTheNamed() {
    let any = TestCredential.loaded("any", of: app)
    let topic = TestCredential.loaded("topic", of: app, topics: [World.topic])
    #expect(credential(key(credential: "any"), [any, topic]) == "any")
    #expect(credential(key(credential: "topic"), [any, topic]) == "topic")
    #expect(lack(key(credential: "gone"), [any, topic]) == .namedCredential)
    #expect(lack(key("else", credential: "topic"), [any, topic]) == .topic)
  }

  @Test("G12: never takes another app's credential")
  func keepsAppsApart() {
    let other = TestCredential.loaded(of: AppID(unchecked: "other"), topics: [World.topic])
    #expect(credential(key(), [other]) == nil)
  }

  @Test("a credential that is mended gets a circuit of its own and keeps its share")
  func renewsCircuits() throws {
    var routes = routes([TestCredential.loaded(of: app)])
    let id = routes.id(of: key())
    let before = try routes[id].way.get()
    routes.replace(routes.book.updated(with: [TestCredential.loaded(of: app)]))
    #expect(try routes[id].way.get().circuits == before.circuits)
    routes.replace(
      routes.book.updated(with: [TestCredential.loaded(of: app, topics: [World.topic])]))
    let after = try routes[id].way.get()
    #expect(after.circuits != before.circuits && after.purse == before.purse)
    #expect(!routes.book.holds(before.id) && routes.book.holds(after.id))
    routes.replace(routes.book.updated(with: []))
    #expect(throws: Route.Lack(why: .credential)) { try routes[id].way.get() }
  }

  @Test("a credential that is only sealed anew stays what it is; one that opens again is new")
  func keepsCircuitsOfWhatIsResealed() throws {
    var routes = routes([TestCredential.loaded(of: app)])
    let id = routes.id(of: key())
    let before = try routes[id].way.get()
    routes.replace(
      routes.book.updated(with: [TestCredential.loaded(of: app, keyID: "fedcba9876543210")]))
    #expect(try routes[id].way.get().circuits == before.circuits)
    #expect(routes.book.holds(before.id))
    let closed = FieldError(.unknownValue, "secret", "is sealed under another key.")
    routes.replace(
      routes.book.updated(with: [TestCredential.loaded(of: app, secret: .failure(closed))]))
    #expect(throws: Route.Lack(why: .usableCredential)) { try routes[id].way.get() }
    #expect(routes.book.entries.values.joined().first?.credential.failure == closed)
    routes.replace(routes.book.updated(with: [TestCredential.loaded(of: app)]))
    #expect(try routes[id].way.get().circuits != before.circuits)
  }

  @Test("kinds above the bound share one that leads nowhere, whatever credentials come")
  func isBounded() {
    var routes = Routes(providers: [FakeAPNs()])
    let nameless = routes.id(of: key(nil))
    for number in 1..<Routes.limit { _ = routes.id(of: key("topic-\(number)")) }
    let above = routes.id(of: key("one more"))
    #expect(routes.id(of: key("and another", .sandbox)) == above && above != nameless)
    #expect(routes.id(of: key("topic-17")) == 17)
    let book = CredentialBook().updated(with: [TestCredential.loaded(of: app, topics: ["topic-1"])])
    routes.replace(book)
    #expect(throws: Route.Lack.self) { try routes[above].way.get() }
    #expect(throws: Never.self) { try routes[nameless].way.get() }
    #expect(routes.all.count == Routes.limit + 1)
  }

  @Test("sends only through providers that it has, with credentials that can be read")
  func knowsWhatIsSendable() {
    #expect(routes([TestCredential.loaded(of: app)]).sendable(app) == [.apns])
    #expect(
      routes([TestCredential.loaded(of: app, secret: .success("no key"))]).sendable(app) == [])
    #expect(routes([]).sendable(app) == [])
    var none = Routes(providers: [])
    none.replace(CredentialBook().updated(with: [TestCredential.loaded(of: app)]))
    #expect(none.sendable(app) == [])
  }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
