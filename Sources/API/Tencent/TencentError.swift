import PushCore

/// A refusal in Tencent's terms. https://cloud.tencent.com/document/product/269/1671
struct TencentError: Error, Equatable {
  /// `ErrorCode`
  var code: Int
  /// `ErrorInfo`: for people; it holds no message text and no signature.
  var info: String

  init(_ code: Int, _ info: String) {
    self.code = code
    self.info = info
  }

  /// What an answer says that has nothing else to say.
  var json: JSON {
    ["ActionStatus": "FAIL", "ErrorInfo": .string(info), "ErrorCode": .integer(code)]
  }
}

extension TencentError {
  static let badGroupParameter = 10004
  static let tooManyMembers = 10005
  static let noSuchGroup = 10010
  static let noGroupMessage = 10030
  static let badProfile = 40001
  static let badURL = 60002
  static let badJSON = 60003
  static let tooFrequent = 60007
  static let timeout = 60008
  static let wrongCommand = 60009
  static let needsAdministrator = 60010
  static let noSDKAppID = 60012
  static let badParameters = 60025
  static let noKey = 70016
  static let noSuchAccount = 70107
  static let badAccount = 70402
  static let internalFailure = 20005
  static let noSuchMessage = 20022
  static let alreadyRecalled = 20023
  static let bodyTooLarge = 80002
  static let badElements = 90002
  static let badReceiver = 90003
  static let badSequence = 90004
  static let badRandom = 90005
  static let badTime = 90006
  static let bodyIsNoArray = 90007
  static let badSender = 90008
  static let badFormat = 90010
  static let tooManyReceivers = 90011
  static let lifetimeTooLong = 90026
  static let receiversAreNoArray = 90028
  static let noReceivers = 90029
  static let badOldSystem = 90030
  static let badOtherMachine = 90031
  static let tooManyAccounts = 90018
  static let repeatedTag = 90022
  static let tooManyTags = 90032
  static let badAttribute = 90033
  static let tagTooLong = 90034
  static let emptyTag = 90040
  static let badOfflinePush = 90043
  static let pushTooLarge = 90056
  static let lifetimeIsNoInteger = 90044
  static let badMessageKey = 90054
  static let batchTooLarge = 90055
}

/// An answer that says yes.
enum TencentAnswer {
  static func ok(_ more: KeyValuePairs<String, JSON> = [:]) -> JSON {
    .object(
      [
        JSON.Member("ActionStatus", "OK"), JSON.Member("ErrorInfo", ""),
        JSON.Member("ErrorCode", 0),
      ] + more.map { JSON.Member($0.key, $0.value) })
  }
}
