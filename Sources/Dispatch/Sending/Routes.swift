import Providers
import PushCore

/// Why deliveries of one kind can't be sent. The names are metric labels and never change.
public enum DispatchLack: String, Sendable, Hashable, CaseIterable {
  /// A person paused the app, or the provider for it.
  case paused
  /// This program can't send through the provider.
  case provider = "no_provider"
  /// The app has no credential for the provider.
  case credential = "no_credential"
  /// The app's only credentials could not be read.
  case usableCredential = "credential_refused"
  /// The device's token belongs to a credential that the app has not.
  case namedCredential = "no_such_credential"
  case environment = "no_credential_for_environment"
  case topic = "no_credential_for_topic"
  /// The device named no topic, and no credential stands for a single one.
  case topicNamed = "topic_missing"
  /// The credential's circuit is open: the provider refuses it.
  case credentialCircuit = "credential_circuit_open"
  /// The host's circuit is open.
  case hostCircuit = "host_circuit_open"
  /// Nothing is amiss: the device comes for them on a stream.
  case device = "waits_for_device"
}

/// A way that deliveries go.
struct Route: Sendable {
  struct Open: Sendable {
    var id: CredentialID
    var credential: ProviderCredential
    /// Whose share of what is open a delivery takes.
    var purse: Int
    var circuits: [CircuitKey]
  }

  var key: RouteKey
  var way: Result<Open, Lack>
  /// Nothing may go it, whatever its way.
  var isPaused = false

  /// The way, where one may go it.
  var open: Open? { isPaused ? nil : try? way.get() }

  struct Lack: Error, Sendable, Equatable { var why: DispatchLack }
}

/// Finds the credential for each kind of delivery.
struct Routes: Sendable {
  /// Kinds told apart, of all apps; those above it share one in each app.
  static let limit = 10_000

  let providers: [ProviderName: any PushProvider]
  private(set) var book = CredentialBook()
  private var ids: [RouteKey: RouteID] = [:]
  /// The routes of kinds above the limit.
  private var nowhere: [CredentialBook.Holder: RouteID] = [:]
  private var routes: [Route] = []
  private var purses: [CredentialName: Int] = [:]

  init(providers: [any PushProvider]) {
    var byName: [ProviderName: any PushProvider] = [:]
    for provider in providers { byName[provider.name] = provider }
    self.providers = byName
  }

  subscript(id: RouteID) -> Route { routes[id] }
  var all: [Route] { routes }

  /// The providers through which something of an app can be sent, and may be.
  func sendable(_ app: AppID) -> [ProviderName] {
    ProviderName.allCases.filter { name in
      guard providers[name] != nil, !book.isPaused(app, name) else { return false }
      return usable(app, name).contains { _ in true }
    }
  }

  mutating func id(of key: RouteKey) -> RouteID {
    if let id = ids[key] { return id }
    if routes.count - nowhere.count >= Self.limit { return nowhereID(key) }
    routes.append(Route(key: key, way: .failure(Route.Lack(why: .credential))))
    ids[key] = routes.count - 1
    resolve(routes.count - 1)
    return routes.count - 1
  }

  private mutating func nowhereID(_ key: RouteKey) -> RouteID {
    let holder = CredentialBook.Holder(app: key.app, provider: key.provider)
    if let id = nowhere[holder] { return id }
    let key = RouteKey(app: key.app, provider: key.provider, environment: .production)
    routes.append(
      Route(
        key: key, way: .failure(Route.Lack(why: .topic)),
        isPaused: book.isPaused(key.app, key.provider)))
    nowhere[holder] = routes.count - 1
    return routes.count - 1
  }

  /// Puts new credentials and pauses in place of the old.
  mutating func replace(_ book: CredentialBook) {
    self.book = book
    for id in ids.values { resolve(id) }
    for (holder, id) in nowhere {
      routes[id].isPaused = book.isPaused(holder.app, holder.provider)
    }
  }

  private mutating func resolve(_ id: RouteID) {
    let key = routes[id].key
    routes[id].isPaused = book.isPaused(key.app, key.provider)
    routes[id].way = find(key)
    guard case .success(var open) = routes[id].way else { return }
    let name = CredentialName(open.id)
    let purse = purses[name] ?? purses.count
    purses[name] = purse
    open.purse = purse
    routes[id].way = .success(open)
  }

  private func usable(
    _ app: AppID, _ provider: ProviderName
  ) -> some Sequence<(CredentialID, ProviderCredential)> {
    let entries = book.entries[CredentialBook.Holder(app: app, provider: provider)] ?? []
    return entries.lazy.compactMap { entry in
      guard case .success(let credential) = entry.credential else { return nil }
      return (entry.id, credential)
    }
  }

  /// Of several that fit, the one that names more of what the device named, else the oldest.
  private func find(_ key: RouteKey) -> Result<Route.Open, Route.Lack> {
    if key.provider == .callback, key.topic == CallbackWay.stream.rawValue {
      return .failure(Route.Lack(why: .device))
    }
    guard let provider = providers[key.provider] else {
      return .failure(Route.Lack(why: .provider))
    }
    var best: (id: CredentialID, credential: ProviderCredential, rank: Int)?
    var lacks: Set<DispatchLack> = []
    for (id, credential) in usable(key.app, key.provider) {
      if let named = key.credential, id.id != named {
        lacks.insert(.namedCredential)
        continue
      }
      if let misfit = credential.misfit(topic: key.topic, environment: key.environment) {
        lacks.insert(Self.lack(misfit))
        continue
      }
      let rank = (credential.topics.isEmpty ? 0 : 2) + (credential.environment == nil ? 0 : 1)
      if best.map({ rank > $0.rank }) ?? true { best = (id, credential, rank) }
    }
    guard let best else { return .failure(Route.Lack(why: why(lacks, key))) }
    let sample = PushRequest(
      app: key.app, deliveryID: RowKey.before(0).delivery, attempt: 1, token: "", topic: key.topic,
      environment: key.environment, notification: Notification(text: "", threadID: ""),
      expiresAt: Timestamp(microseconds: 0))
    let host = provider.host(of: sample, with: best.credential)
    return .success(
      Route.Open(
        id: best.id, credential: best.credential, purse: 0,
        circuits: [.credential(best.id), .host(key.provider, host)]))
  }

  private func why(_ lacks: Set<DispatchLack>, _ key: RouteKey) -> DispatchLack {
    let holder = CredentialBook.Holder(app: key.app, provider: key.provider)
    if book.entries[holder]?.isEmpty ?? true { return .credential }
    // The nearest miss says most.
    let nearest: [DispatchLack] = [.topicNamed, .topic, .environment, .namedCredential]
    return nearest.first(where: lacks.contains) ?? .usableCredential
  }

  private static func lack(_ misfit: ProviderCredential.Misfit) -> DispatchLack {
    switch misfit {
    case .topic: .topic
    case .topicMissing: .topicNamed
    case .environment: .environment
    case .app, .provider: .credential
    }
  }
}
