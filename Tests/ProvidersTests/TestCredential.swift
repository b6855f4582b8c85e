import Crypto
import PushCore

@testable import Providers

import struct Foundation.UUID

enum TestCredential {
  static func stored(
    topics: [String] = [], environment: String? = nil,
    pem: String = P256.Signing.PrivateKey().pemRepresentation,
    settings: JSON = ["team_id": "TEAM000001", "key_id": "KEY0000001"]
  ) -> StoredCredential {
    StoredCredential(
      app: AppID(unchecked: "shop"), provider: .apns, id: "main", topics: topics,
      environment: environment, settings: settings, secret: SecretText(pem))
  }
}

enum TestPush {
  static func request(
    token: String, expiresAt: Timestamp, collapseID: String? = nil, text: String = "Ann:hello",
    deliveryID: UUID = UUID()
  ) -> PushRequest {
    PushRequest(
      app: AppID(unchecked: "shop"), deliveryID: deliveryID, attempt: 1, token: token,
      topic: "org.example.chat", environment: .production,
      notification: Notification(
        text: text, sound: "default", badge: 1, threadID: "user/ann", collapseID: collapseID),
      expiresAt: expiresAt)
  }
}
