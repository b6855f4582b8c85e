import NIOCore
import PushCore
import Simulators

@testable import Providers

extension FormVendorRig {
  /// What a channel's functions work with, to call them past the engine.
  func scope() throws -> ChannelScope<Channel.Credential> {
    let material = try Channel.readCredential(settings: stored.settings, secret: stored.secret)
    let pool = world.pool
    return ChannelScope(
      app: stored.app, credentialID: stored.id, credential: material, topics: stored.topics,
      now: clock.now
    ) { call in
      await pool.execute(call, trust: material.trustRoots, deadline: .now() + .seconds(60))
    }
  }
}
