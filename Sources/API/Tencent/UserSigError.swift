/// Why a signature is not taken; the raw value is Tencent's `ErrorCode`.
/// https://cloud.tencent.com/document/product/269/1671
public enum UserSigError: Int, Error, Sendable, CaseIterable, CustomStringConvertible {
  case expired = 70001
  case empty = 70002
  case illegal = 70003
  case otherKey = 70009
  case otherIdentifier = 70013
  case otherApp = 70014

  public var description: String {
    switch self {
    case .expired: "The UserSig has expired; make a new one."
    case .empty: "The UserSig is empty."
    case .illegal: "The UserSig cannot be read; give it whole, as it was made."
    case .otherKey: "The UserSig was not made with the secret key of this SDKAppID."
    case .otherIdentifier: "The UserSig was made for another identifier."
    case .otherApp: "The UserSig was made for another SDKAppID."
    }
  }
}
