import PushCore

/// Devices whose deliveries were read and put aside, and from where they must be read again.
///
/// What can't be sent for long costs a number for each device, not a row: it is dropped from
/// memory, newer deliveries of the device are passed over too, and once the reason is gone the lane
/// is read again from the first one that was dropped.
struct PassedOver: Sendable {
  enum Reason: Hashable, Sendable {
    /// Its route leads nowhere or is closed.
    case route(RouteID)
    /// Others would find no room.
    case crowded
    /// The first of its line is put off for long.
    case backingOff
  }

  /// A device by its hash: two that share one wait for each other, which harms nothing.
  private var devices: [Int: Reason] = [:]
  private var from: [Reason: RowKey] = [:]
  private var resolved: Set<Reason> = []
  /// When the first of those that back off is due, by what its device was put aside for.
  private var wakeAt: [Reason: Timestamp] = [:]

  var isEmpty: Bool { from.isEmpty }
  var count: Int { devices.count }
  var routes: [RouteID] {
    from.keys.compactMap { if case .route(let id) = $0 { id } else { nil } }.sorted()
  }
  /// Whether something must be read again.
  var wantsRewind: Bool { !resolved.isEmpty }

  func reason(_ device: DeviceKey) -> Reason? {
    devices.isEmpty ? nil : devices[device.hashValue]
  }

  func start(_ reason: Reason) -> RowKey? { from[reason] }

  /// A device that is passed over already stays so for its first reason.
  mutating func add(_ device: DeviceKey, _ reason: Reason, from key: RowKey) {
    let reason = devices[device.hashValue] ?? reason
    devices[device.hashValue] = reason
    from[reason] = min(from[reason] ?? key, key)
  }

  /// A device's first delivery may be tried at a time: then it is read again.
  mutating func wake(_ device: DeviceKey, at time: Timestamp) {
    let reason = reason(device) ?? .backingOff
    wakeAt[reason] = min(wakeAt[reason] ?? time, time)
  }

  mutating func tick(at now: Timestamp) {
    for (reason, time) in wakeAt where time <= now {
      wakeAt[reason] = nil
      resolve(reason)
    }
  }

  /// The reason is gone. What was passed over for it stays so until the lane is read again.
  mutating func resolve(_ reason: Reason) {
    if from[reason] != nil { resolved.insert(reason) }
  }

  mutating func resolveAll() { resolved.formUnion(from.keys) }

  /// Nothing of a device is in memory any more: one that was cut short for the others' sake has
  /// room again.
  mutating func lineEnded(_ device: DeviceKey) {
    if reason(device) == .crowded { resolve(.crowded) }
  }

  /// Forgets what was resolved.
  ///
  /// - Returns: Where to read on from, at the latest; nil where nothing was passed over.
  mutating func rewind() -> RowKey? {
    let starts = resolved.compactMap { from[$0] }
    guard !starts.isEmpty else { return nil }
    devices = devices.filter { !resolved.contains($0.value) }
    for reason in resolved { from[reason] = nil }
    resolved = []
    return starts.min().map { .before($0.position) }
  }
}
