public import Postgres
public import PushCore

/// What is known of an account.
public struct AccountReport: Sendable, Equatable {
  public var user: UserID
  public var nickname: String?
  public var labels: Labels
  /// The devices, in the order of their ids.
  public var devices: [DeviceStateReport]

  public init(
    user: UserID, nickname: String? = nil, labels: Labels = Labels(),
    devices: [DeviceStateReport] = []
  ) {
    self.user = user
    self.nickname = nickname
    self.labels = labels
    self.devices = devices
  }
}

/// What a device is doing.
public struct DeviceStateReport: Sendable, Equatable {
  public var device: DeviceID
  public var platform: String
  /// `foreground`, `background`, `killed`, `offline`, or nil: none reported yet.
  public var reach: String?
  public var isLoggedOut: Bool
}

extension NotificationsReader {
  /// Reads accounts; those nobody spoke of, and deleted ones, are left out.
  public func accounts(
    _ ids: [UserID], in app: AppID
  ) async throws(PostgresError) -> [UserID: AccountReport] {
    var named = parameters(app)
    named.add(array: ids.map(\.rawValue))
    let users = try await pool.query(
      """
      select u.user_id, u.nickname, coalesce(u.tags, '{}'), u.attributes
      from unnest($2::text[]) as wanted (user_id)
      join pushledger.users u on u.app = $1 and u.user_id = wanted.user_id
      where not u.deleted
      """, named)
    var accounts: [UserID: AccountReport] = [:]
    for row in users {
      let user = UserID(unchecked: try row.get(0))
      var labels = Labels(
        tags: try row.array(2, of: String.self).map(Label.init(unchecked:)), attributes: [:])
      if let json = try row.optional(3, as: PostgresJSONB.self) {
        for member in (try? JSON.parse(json.bytes))?.members ?? [] {
          labels.attributes[Label(unchecked: member.key)] = member.value.string
        }
      }
      accounts[user] = AccountReport(
        user: user, nickname: try row.optional(1), labels: labels, devices: [])
    }
    let devices = try await pool.query(
      """
      select d.user_id, d.device_id, d.platform, d.reach, d.state is not distinct from 'logged_out'
      from unnest($2::text[]) as wanted (user_id)
      join pushledger.devices d on d.app = $1 and d.user_id = wanted.user_id
      order by d.user_id, d.device_id
      """, named)
    for row in devices {
      accounts[UserID(unchecked: try row.get(0))]?.devices.append(
        DeviceStateReport(
          device: DeviceID(unchecked: try row.get(1)), platform: try row.get(2),
          reach: try row.optional(3), isLoggedOut: try row.get(4)))
    }
    return accounts
  }
}
