import Crypto
import PushCore

/// One call of a webhook, in Tencent's form. https://www.tencentcloud.com/document/product/1047/34354
struct WebhookCall: Sendable, Equatable {
  /// `CallbackCommand`
  var command: String
  var body: JSON
  /// `OptPlatform`; nil for push events, whose URL has neither it nor `ClientIP`.
  var platform: String?
  /// The ledger's last event that it tells of.
  var position: Position

  /// The query of the call's URL.
  ///
  /// - Parameter now: Seconds since 1970.
  func query(sdkAppID: Int64, token: String?, now: Int64) -> String {
    var query = "SdkAppid=\(sdkAppID)&CallbackCommand=\(command)&contenttype=json"
    // Who asked from where is not known here.
    if let platform { query += "&ClientIP=&OptPlatform=\(platform)" }
    if let token { query += "&Sign=\(Self.sign(token: token, time: now))&RequestTime=\(now)" }
    return query
  }

  /// SHA-256 of the token and the time after it, in lower-case hex.
  static func sign(token: String, time: Int64) -> String {
    Hex.encode(SHA256.hash(data: Array("\(token)\(time)".utf8)))
  }
}
