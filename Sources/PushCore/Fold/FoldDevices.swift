extension Fold {
  mutating func register(_ new: DeviceRegistration, _ moment: Moment) -> [FoldOutput] {
    let key = DeviceKey(user: new.user, device: new.device)
    if new.whileLoggedIn {
      guard let index = state.users[new.user]?.device(new.device),
        state.users[new.user]?.devices[index].loggedOut == false
      else { return [] }
    }
    let token = TokenKey(provider: new.provider, sha256: new.tokenSHA256)
    let tokens = [token] + new.fallbacks.map(\.registered)
    var outputs: [FoldOutput] = []
    for token in tokens where token.namesOneDevice {
      outputs += takeToken(token, for: key, moment)
    }
    var user = state.users[new.user] ?? UserState()
    let old = user.device(new.device).map { user.devices[$0] }
    let device = DeviceState(
      id: new.device, platform: new.platform, registered: token, token: new.token,
      topic: new.topic, credential: new.credential, environment: new.environment,
      appVersion: new.appVersion, locale: new.locale,
      settings: (old?.settings ?? DeviceSettings()).merged(with: new.settings),
      activity: old?.activity, badge: old?.badge ?? 0, tokenValid: true, loggedOut: false,
      kickedAt: nil, offline: false, activeAt: moment.recordedAt,
      registeredAt: moment.occurredAt, fallbacks: new.fallbacks)
    if old?.fallbacks ?? [] != new.fallbacks { state.changes.fallbacks.insert(key) }
    let evicted = put(device, of: &user, new.user, moment)
    state.users[new.user] = user
    state.changes.users.insert(new.user)
    return outputs + evicted
  }

  /// Puts a device in, in the order of ids; where there are too many, one goes.
  private mutating func put(
    _ device: DeviceState, of user: inout UserState, _ id: UserID, _ moment: Moment
  ) -> [FoldOutput] {
    let key = DeviceKey(user: id, device: device.id)
    var outputs: [FoldOutput] = []
    if let index = user.device(device.id) {
      user.devices[index] = device
    } else {
      if user.devices.count >= Limits.devicesPerUser,
        let index = user.devices.indices.min(by: { left, right in
          user.devices[left].isLessNeeded(than: user.devices[right])
        })
      {
        let gone = DeviceKey(user: id, device: user.devices.remove(at: index).id)
        state.changes.removed(gone)
        outputs.append(cancel(.device(id, gone.device), .loggedOut, moment))
      }
      let place = user.devices.firstIndex { device.id < $0.id } ?? user.devices.endIndex
      user.devices.insert(device, at: place)
      if state.changes.removedDevices.remove(key) != nil { state.changes.fallbacks.insert(key) }
    }
    state.changes.devices.insert(key)
    return outputs
  }

  /// A phone that changed hands must not show another's messages: who held the token is logged
  /// out.
  private mutating func takeToken(
    _ token: TokenKey, for key: DeviceKey, _ moment: Moment
  ) -> [FoldOutput] {
    let holder = state.holders.updateValue(key, forKey: token)
    guard let holder, holder != key, let index = state.users[holder.user]?.device(holder.device),
      state.users[holder.user]?.devices[index].tokens.contains(token) == true
    else { return [] }
    return logOut(holder.user, holder.device, moment)
  }

  mutating func unregister(
    _ user: UserID, _ device: DeviceID, _ moment: Moment
  ) -> [FoldOutput] {
    guard let index = state.users[user]?.device(device) else { return [] }
    state.users[user]?.devices.remove(at: index)
    state.changes.removed(DeviceKey(user: user, device: device))
    return [cancel(.device(user, device), .loggedOut, moment)]
  }

  mutating func invalidate(_ invalidation: TokenInvalidation) {
    let key = DeviceKey(user: invalidation.user, device: invalidation.device)
    var fallbacksChanged = false
    change(key.user, key.device) { device in
      if let since = invalidation.invalidSince, since < device.registeredAt { return }
      if device.registered?.sha256 == invalidation.tokenSHA256 { device.tokenValid = false }
      for index in device.fallbacks.indices
      where device.fallbacks[index].registered.sha256 == invalidation.tokenSHA256 {
        device.fallbacks[index].tokenValid = false
        fallbacksChanged = true
      }
    }
    if fallbacksChanged { state.changes.fallbacks.insert(key) }
  }

  mutating func foreground(
    _ user: UserID, _ device: DeviceID, _ moment: Moment
  ) -> [FoldOutput] {
    let known = hear(of: user, device, moment) {
      $0.activity = .foreground
      $0.badge = 0
    }
    guard known, settings.cancelsOnForeground else { return [] }
    return [cancel(.device(user, device), .foreground, moment)]
  }

  /// Rule 2.9: a client signed in. A token that it had while it was logged out counts no more, and
  /// the user's other devices that the app's policy names are logged out.
  mutating func logIn(_ login: DeviceLogin, _ moment: Moment) -> [FoldOutput] {
    var user = state.users[login.user] ?? UserState()
    var outputs: [FoldOutput] = []
    for index in user.devices.indices {
      let other = user.devices[index]
      guard other.id != login.device, login.kicks.contains(other.platform), !other.loggedOut
      else { continue }
      user.devices[index].loggedOut = true
      user.devices[index].kickedAt = moment.position
      state.changes.devices.insert(DeviceKey(user: login.user, device: other.id))
      outputs.append(cancel(.device(login.user, other.id), .loggedOut, moment))
    }
    var device =
      user.device(login.device).map { user.devices[$0] }
      ?? DeviceState(
        id: login.device, platform: login.platform, registered: nil, token: nil, topic: nil,
        credential: nil, environment: .production, appVersion: nil, locale: nil,
        settings: DeviceSettings(), activity: nil, badge: 0, tokenValid: true, loggedOut: false,
        kickedAt: nil, offline: false, activeAt: moment.recordedAt,
        registeredAt: moment.occurredAt)
    if device.loggedOut {
      device.registered = nil
      device.token = nil
      if !device.fallbacks.isEmpty {
        device.fallbacks = []
        state.changes.fallbacks.insert(DeviceKey(user: login.user, device: login.device))
      }
    }
    device.platform = login.platform
    device.loggedOut = false
    device.kickedAt = nil
    device.offline = false
    device.activity = .foreground
    device.badge = 0
    device.activeAt = moment.recordedAt
    let evicted = put(device, of: &user, login.user, moment)
    state.users[login.user] = user
    state.changes.users.insert(login.user)
    return outputs + evicted
  }

  mutating func giveUp(_ user: UserID, _ device: DeviceID, _ moment: Moment) -> [FoldOutput] {
    guard change(user, device, { $0.offline = true }) else { return [] }
    return [cancel(.device(user, device), .offline, moment)]
  }

  mutating func logOut(_ user: UserID, _ device: DeviceID, _ moment: Moment) -> [FoldOutput] {
    guard change(user, device, { $0.loggedOut = true }) else { return [] }
    return [cancel(.device(user, device), .loggedOut, moment)]
  }

  /// Changes a device of which something was heard: it is in reach.
  @discardableResult
  mutating func hear(
    of user: UserID, _ device: DeviceID, _ moment: Moment, _ body: (inout DeviceState) -> Void
  ) -> Bool {
    change(user, device) {
      $0.offline = false
      $0.activeAt = moment.recordedAt
      body(&$0)
    }
  }

  /// Changes a device that is known; anything else changes nothing.
  @discardableResult
  mutating func change(
    _ user: UserID, _ device: DeviceID, _ body: (inout DeviceState) -> Void
  ) -> Bool {
    guard let index = state.users[user]?.device(device) else { return false }
    body(&state.users[user]!.devices[index])
    state.changes.devices.insert(DeviceKey(user: user, device: device))
    return true
  }

  func cancel(
    _ scope: Cancellation.Scope, _ reason: CancellationReason, _ moment: Moment
  ) -> FoldOutput {
    .cancelled(
      Cancellation(
        scope: scope, reason: reason, position: moment.position,
        recordedAt: moment.recordedAt))
  }
}
