/// What `apns-push-type` names, with the rules that hang on it.
/// Source: Apple, "Sending notification requests to APNs".
enum PushKind: String {
  case alert, background, voip, complication, fileprovider, liveactivity, location, mdm
  case pushtotalk, controls, widgets

  /// What a topic of this kind ends in, after the bundle id.
  var topicSuffix: String {
    switch self {
    case .alert, .background, .mdm: ""
    case .voip: ".voip"
    case .complication: ".complication"
    case .fileprovider: ".pushkit.fileprovider"
    case .liveactivity: ".push-type.liveactivity"
    case .location: ".location-query"
    case .pushtotalk: ".voip-ptt"
    case .controls: ".push-type.controls"
    case .widgets: ".push-type.widgets"
    }
  }

  static let maxPayloadBytes = 4_096
  static let maxVoIPPayloadBytes = 5_120

  var maxPayloadBytes: Int { self == .voip ? Self.maxVoIPPayloadBytes : Self.maxPayloadBytes }

  /// The kind of a push that names none: by its topic.
  init(topic: String) {
    let suffixed: [PushKind] = [
      .voip, .complication, .fileprovider, .liveactivity, .location, .pushtotalk, .controls,
      .widgets,
    ]
    self = suffixed.first { topic.hasSuffix($0.topicSuffix) } ?? .alert
  }
}
