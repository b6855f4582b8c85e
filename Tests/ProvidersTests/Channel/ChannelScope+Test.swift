import NIOCore
import PushCore

@testable import Providers

extension ChannelScope {
  /// What a channel's functions work with, to call them past the engine.
  init(_ credential: ProviderCredential, in world: ProviderWorld, at now: Timestamp) throws {
    guard let material = credential.material as? Credential else {
      throw FieldError(.unknownValue, "provider", "is another one.")
    }
    let pool = world.pool
    self.init(
      app: credential.app, credentialID: credential.id, credential: material,
      topics: credential.topics, now: now
    ) { call in
      await pool.execute(call, trust: material.trustRoots, deadline: .now() + .seconds(60))
    }
  }
}
