import Foundation
import Ledger
import Postgres
import PushCore

/// What each table of the projection must hold, column by column. Written apart from the writers,
/// so that a mistake of theirs shows.
enum ComparedTables {
  typealias UserRow = (id: UserID, state: UserState)
  typealias DeviceRow = (user: UserID, state: DeviceState)
  typealias FallbackRow = (key: DeviceKey, place: Int16, way: FallbackWay)
  typealias ConversationRow = (key: ConversationKey, state: ConversationState)
  typealias MemberRow = (key: MemberKey, state: MemberState)

  static let users = ComparedTable<UserRow>(
    name: "notifications_v1.users",
    key: [ComparedColumn("user_id") { $0.id.rawValue }],
    columns: [
      ComparedColumn("nickname") { $0.state.nickname },
      ComparedColumn("quiet_from_second") { $0.state.quietHours.map { Int32($0.from) } },
      ComparedColumn("quiet_to_second") { $0.state.quietHours.map { Int32($0.to) } },
      ComparedColumn("quiet_time_zone") { $0.state.quietHours?.timeZone },
      ComparedColumn("muted_until") { $0.state.mutedUntil.map(PostgresTimestamp.init) },
      ComparedColumn("badge_source") { $0.state.badge?.rawValue },
      ComparedColumn("tags", found: "to_jsonb(t.tags)") {
        $0.state.labels.map { json(.array($0.tags.map { JSON($0) })) }
      },
      ComparedColumn("attributes") { row in
        row.state.labels.map { labels in
          json(.object(labels.attributes.map { JSON.Member($0.key.rawValue, .string($0.value)) }))
        }
      },
      ComparedColumn("deleted") { $0.state.deleted },
    ], order: "user_id")

  static let devices = ComparedTable<DeviceRow>(
    name: "notifications_v1.devices",
    key: [
      ComparedColumn("user_id") { $0.user.rawValue },
      ComparedColumn("device_id") { $0.state.id.rawValue },
    ],
    columns: [
      ComparedColumn("platform") { $0.state.platform.rawValue },
      ComparedColumn("provider") { $0.state.registered?.provider.rawValue },
      ComparedColumn("token_sha256") { $0.state.registered?.sha256 },
      ComparedColumn("token") { $0.state.token },
      ComparedColumn("topic") { $0.state.topic },
      ComparedColumn("credential_id") { $0.state.credential },
      ComparedColumn("environment") { $0.state.environment.rawValue },
      ComparedColumn("app_version") { $0.state.appVersion },
      ComparedColumn("locale") { $0.state.locale },
      ComparedColumn("push") { $0.state.settings.push },
      ComparedColumn("c2c_sound") { $0.state.settings.c2cSound },
      ComparedColumn("group_sound") { $0.state.settings.groupSound },
      ComparedColumn("video_sound") { $0.state.settings.videoSound },
      ComparedColumn("activity") { $0.state.activity?.rawValue },
      ComparedColumn("badge") { $0.state.badge },
      ComparedColumn("token_valid") { $0.state.tokenValid },
      ComparedColumn("logged_out") { $0.state.loggedOut },
      ComparedColumn("kicked_at") { $0.state.kickedAt },
      ComparedColumn("offline") { $0.state.offline },
      ComparedColumn("active_at") { PostgresTimestamp($0.state.activeAt) },
      ComparedColumn("registered_at") { PostgresTimestamp($0.state.registeredAt) },
    ], order: "user_id")

  static let fallbacks = ComparedTable<FallbackRow>(
    name: "notifications_v1.fallbacks",
    key: [
      ComparedColumn("user_id") { $0.key.user.rawValue },
      ComparedColumn("device_id") { $0.key.device.rawValue },
      ComparedColumn("provider") { $0.way.registered.provider.rawValue },
    ],
    columns: [
      ComparedColumn("place") { $0.place },
      ComparedColumn("token_sha256") { $0.way.registered.sha256 },
      ComparedColumn("token") { $0.way.token },
      ComparedColumn("topic") { $0.way.topic },
      ComparedColumn("credential_id") { $0.way.credential },
      ComparedColumn("environment") { $0.way.environment.rawValue },
      ComparedColumn("token_valid") { $0.way.tokenValid },
    ], order: "user_id")

  static let conversations = ComparedTable<ConversationRow>(
    name: "notifications_v1.conversations",
    key: [ComparedColumn("conversation") { $0.key.storedName }],
    columns: [
      ComparedColumn("group_id") { $0.key.group?.rawValue },
      ComparedColumn("first_user") { $0.key.pair?.0.rawValue },
      ComparedColumn("second_user") { $0.key.pair?.1.rawValue },
      ComparedColumn("name") { $0.state.facts.name },
      ComparedColumn("kind") { $0.state.facts.kind },
      ComparedColumn("owner") { $0.state.facts.owner?.rawValue },
      ComparedColumn("sequence") { $0.state.sequence },
    ], order: "conversation")

  static let members = ComparedTable<MemberRow>(
    name: "notifications_v1.members",
    key: [
      ComparedColumn("conversation") { $0.key.conversation.storedName },
      ComparedColumn("user_id") { $0.key.user.rawValue },
    ],
    columns: [ComparedColumn("name_card") { $0.state.nameCard }] + standing { $0.state } + [
      ComparedColumn("rejected") { row in
        json(
          .array(
            row.state.rejected.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) }))
      }
    ], order: "conversation")

  static let standings = ComparedTable<Standing>(
    name: "notifications_v1.standings",
    key: [
      ComparedColumn("position") { $0.position },
      ComparedColumn("conversation") { $0.member.conversation.storedName },
      ComparedColumn("user_id") { $0.member.user.rawValue },
    ],
    columns: standing { $0.state }, order: "position")

  private static func standing<Row>(
    _ state: @escaping @Sendable (Row) -> MemberState?
  ) -> [ComparedColumn<Row>] {
    [
      ComparedColumn("receive") { state($0)?.receive.rawValue },
      ComparedColumn("read_position") { state($0)?.readPosition },
      ComparedColumn("read_sequence") { state($0)?.readSequence },
      ComparedColumn("adjustment") { state($0)?.adjustment },
      ComparedColumn("frozen_at") { state($0)?.frozenAt },
    ]
  }

  static func json(_ value: JSON) -> PostgresJSONB { PostgresJSONB(value.serialized()) }
}
