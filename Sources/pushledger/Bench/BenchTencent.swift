import API
import Foundation
import Ledger
import PushCore

extension Bench {
  private static let sdkAppID: Int64 = 1_400_000_000
  private static let administrator = "administrator"

  /// `sendmsg` of Tencent's server API, against `POST /v1/messages`.
  func tencent(_ site: BenchSite) async throws -> [BenchLine] {
    let app = AppID(unchecked: "tencent")
    let secretKey = UUID().uuidString
    let key = try await site.withPool { pool in
      try await Apps(pool).create(app)
      try await TencentApps(pool).put(
        Self.sdkAppID, for: app, administrators: [Self.administrator], secretKey: secretKey)
      return try await APIKeys(pool).create(for: app, scopes: [.send], label: "bench").text
    }
    let sig = try UserSig(
      identifier: Self.administrator, sdkAppID: Self.sdkAppID,
      issuedAt: Int64(Date().timeIntervalSince1970), secretKey: secretKey)
    let path =
      "/v4/openim/sendmsg?sdkappid=\(Self.sdkAppID)&identifier=\(Self.administrator)"
      + "&usersig=\(sig.text)&random=1&contenttype=json"
    let sent = try await load(site) {
      LoadClient(port: $0, path: path, key: nil, status: 200)
    } body: {
      #"{"From_Account":"ann","To_Account":"bob","MsgRandom":\#(abs($0)),"MsgBody":[{"MsgType":"#
        + #""TIMTextElem","MsgContent":{"Text":"a line of about the length that people write"}}]}"#
    }
    // Its status is 200 whatever came of it: what was stored tells.
    let stored = try await site.withPool { try await LedgerReader($0).head(of: app) }
    let plain = try await load(site, key, as: "p")
    guard stored == sent.requests, sent.failures == 0, plain.failures == 0 else {
      throw BenchError.refused(sent.requests - Int(stored) + sent.failures + plain.failures)
    }
    return [
      BenchLine(
        what: "sendmsg of Tencent's API, \(Self.connections) connections", value: sent.rate,
        unit: "a second", goal: .atLeast(13_400),
        yardstick: BenchLine.Yardstick(what: "POST /v1/messages", value: plain.rate, ratio: 0.67))
    ]
  }
}
