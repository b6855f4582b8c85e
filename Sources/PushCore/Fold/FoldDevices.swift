extension Fold {
  mutating func register(_ new: DeviceRegistration, _ moment: Moment) -> [FoldOutput] {
    let key = DeviceKey(user: new.user, device: new.device)
    let token = TokenKey(provider: new.provider, sha256: new.tokenSHA256)
    let outputs = takeToken(token, for: key, moment)
    var user = state.users[new.user] ?? UserState()
    let index = user.device(new.device)
    let old = index.map { user.devices[$0] }
    let device = DeviceState(
      id: new.device, platform: new.platform, provider: new.provider,
      tokenSHA256: new.tokenSHA256, token: new.token, topic: new.topic,
      environment: new.environment, appVersion: new.appVersion, locale: new.locale,
      settings: (old?.settings ?? DeviceSettings()).merged(with: new.settings),
      activity: old?.activity, badge: old?.badge ?? 0, tokenValid: true, loggedOut: false,
      registeredAt: moment.occurredAt)
    if let index {
      user.devices[index] = device
    } else {
      let place = user.devices.firstIndex { new.device < $0.id } ?? user.devices.endIndex
      user.devices.insert(device, at: place)
      state.changes.removedDevices.remove(key)
    }
    state.users[new.user] = user
    state.changes.users.insert(new.user)
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
      let device = state.users[holder.user]?.devices[index],
      device.provider == token.provider, device.tokenSHA256 == token.sha256
    else { return [] }
    return logOut(holder.user, holder.device, moment)
  }

  mutating func unregister(
    _ user: UserID, _ device: DeviceID, _ moment: Moment
  ) -> [FoldOutput] {
    guard let index = state.users[user]?.device(device) else { return [] }
    state.users[user]?.devices.remove(at: index)
    let key = DeviceKey(user: user, device: device)
    state.changes.devices.remove(key)
    state.changes.removedDevices.insert(key)
    return [cancel(.device(user, device), .loggedOut, moment)]
  }

  mutating func invalidate(_ invalidation: TokenInvalidation) {
    change(invalidation.user, invalidation.device) { device in
      guard device.tokenSHA256 == invalidation.tokenSHA256 else { return }
      if let since = invalidation.invalidSince, since < device.registeredAt { return }
      device.tokenValid = false
    }
  }

  mutating func foreground(
    _ user: UserID, _ device: DeviceID, _ moment: Moment
  ) -> [FoldOutput] {
    let known = change(user, device) {
      $0.activity = .foreground
      $0.badge = 0
    }
    guard known, settings.cancelsOnForeground else { return [] }
    return [cancel(.device(user, device), .foreground, moment)]
  }

  mutating func logOut(_ user: UserID, _ device: DeviceID, _ moment: Moment) -> [FoldOutput] {
    guard change(user, device, { $0.loggedOut = true }) else { return [] }
    return [cancel(.device(user, device), .loggedOut, moment)]
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
