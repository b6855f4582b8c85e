/// A rule of `docs/decisions.md`, as an explanation cites it.
public struct Rule: Sendable, Equatable {
  /// Section and row, such as `2.7`.
  public var number: String
  /// What held, in one sentence.
  public var sentence: String
  /// What would have had to be different for a push; nil where it was pushed.
  public var otherwise: String?

  init(_ number: String, _ sentence: String, otherwise: String? = nil) {
    self.number = number
    self.sentence = sentence
    self.otherwise = otherwise
  }

  /// Nothing stood against it.
  public static let push = Rule("2.13", "Nothing stood against it: the device is pushed to.")
}

extension SuppressionReason {
  /// The rule that gives this reason. A new reason does not compile without one.
  public var rule: Rule {
    switch self {
    case .onlineOnly, .pushOffBySender, .nothingToShow: senderRule
    case .rejected, .muted, .notMentioned, .quiet, .noDevice: recipientRule
    case .loggedOut, .offline, .noToken, .tokenInvalid, .pushOffOnDevice, .foreground: deviceRule
    }
  }

  private var senderRule: Rule {
    switch self {
    case .onlineOnly:
      Rule(
        "2.1", "The message is for those who are online only.",
        otherwise: "The sender leaves `online_only` out.")
    case .pushOffBySender:
      Rule(
        "2.2", "The sender wanted no push: `push` is false or `offline_push.PushFlag` is 1.",
        otherwise: "The sender leaves `push` and `PushFlag` out.")
    default:
      Rule(
        "2.3", "There is nothing to show: no text and no title.",
        otherwise: "The message has an element with a text, an `offline_push.Desc`, or a title.")
    }
  }

  private var recipientRule: Rule {
    switch self {
    case .rejected:
      Rule(
        "2.4", "The recipient's option for this conversation is `reject`.",
        otherwise: "The recipient sets another option before the message comes.")
    case .muted:
      Rule(
        "2.5", "The recipient's option for this conversation is `silent`.",
        otherwise: "The recipient sets `notify`, or one-to-one the message has `over_mute`.")
    case .notMentioned:
      Rule(
        "2.6",
        "The recipient's option is `mentions`, and the message neither mentions them or all, nor "
          + "is it for them alone.",
        otherwise: "The message mentions the recipient or all, or the recipient sets `notify`.")
    case .quiet:
      Rule(
        "2.7", "It came in the recipient's quiet hours, or before `muted_until`.",
        otherwise: "It is sent outside that time, by the recipient's time zone.")
    default:
      Rule(
        "2.8", "The recipient has no device.",
        otherwise: "One of the recipient's devices is registered before the message comes.")
    }
  }

  private var deviceRule: Rule {
    switch self {
    case .loggedOut:
      Rule(
        "2.9",
        "The device was logged out: by its user, by another login, or by its token elsewhere.",
        otherwise: "The client logs in and registers its token before the message comes.")
    case .offline:
      Rule(
        "2.9a", "The device was given up as out of reach.",
        otherwise: "Anything is heard of the device before the message comes.")
    case .noToken:
      Rule(
        "2.9b", "The client had logged in, and registered no token yet.",
        otherwise: "The client registers its token before the message comes.")
    case .tokenInvalid:
      Rule(
        "2.10", "The provider had said that the device's token is dead, on every way there was.",
        otherwise: "The client registers a new token before the message comes.")
    case .pushOffOnDevice:
      Rule(
        "2.11", "Pushes are switched off on the device: `settings.push` is false.",
        otherwise: "The device's setting `push` is true.")
    default:
      Rule(
        "2.12", "The app was in the foreground on the device.",
        otherwise: "The device says that it is in the background before the message comes; an app "
          + "that dies without a word stays in the foreground until it is reported killed.")
    }
  }
}

extension CancellationReason {
  /// Why a push that was due was called off: the rule after the table of section 2.
  public var rule: Rule {
    switch self {
    case .read:
      Self.calledOff("The recipient had read the message.", "The push leaves before it is read.")
    case .recalled:
      Self.calledOff("The message was recalled.", "The push leaves before the recall.")
    case .foreground:
      Self.calledOff(
        "The app came to the foreground on the device.", "The push leaves before that.")
    case .loggedOut:
      Self.calledOff("The device was logged out.", "The push leaves before that.")
    case .offline:
      Self.calledOff(
        "The device was given up as out of reach.", "Something is heard of the device meanwhile.")
    case .erased:
      Self.calledOff(
        "What the message said was erased.", "The push leaves before the erasure.")
    case .expired:
      Self.calledOff(
        "Its time was over: `expires_at`, or the app's push lifetime.",
        "The provider takes it before that, or the message lives longer.")
    case .operator:
      Self.calledOff(
        "Somebody who operates the app called it off.", "Nobody does, or it is sent again since.")
    }
  }

  private static func calledOff(_ sentence: String, _ otherwise: String) -> Rule {
    Rule("2, called off", sentence, otherwise: otherwise)
  }
}

/// Why nothing at all was decided for a user.
public enum NotARecipient: Sendable, Equatable {
  case sender
  /// The message went to one other user.
  case notThePeer
  /// Not in the group at the message's position.
  case notAMember(left: Position?)
  /// In the group, but not one of those whom the message was for.
  case notATarget
  /// The message went to that one of the user's devices, and not to the one that is asked for.
  case notTheDevice(DeviceID)

  public var code: String {
    switch self {
    case .sender: "is_the_sender"
    case .notThePeer: "not_the_peer"
    case .notAMember: "not_a_member"
    case .notATarget: "not_a_target"
    case .notTheDevice: "not_the_device"
    }
  }

  public var rule: Rule {
    switch self {
    case .sender:
      Rule(
        "1.1", "This user sent the message: nobody is told of their own.",
        otherwise: "Somebody else sends it.")
    case .notThePeer:
      Rule(
        "1.1", "The message went to one other user.", otherwise: "It is sent to this user.")
    case .notAMember(let left):
      Rule(
        "1.1",
        left.map { "This user had left the group at position \($0)." }
          ?? "This user was never a member of the group before the message.",
        otherwise: "The user is added to the group before the message comes.")
    case .notATarget:
      Rule(
        "1.1", "The message was for chosen members of the group, and not for this one.",
        otherwise: "`targets` names this user, or is left out.")
    case .notTheDevice(let device):
      Rule(
        "1.1", "The message was for the device \(device) alone.",
        otherwise: "`device` names this device, or is left out.")
    }
  }
}

extension Rule {
  /// Rule 2.8 of a message to one device that its recipient does not have.
  public static func lacks(_ device: DeviceID) -> Rule {
    Rule(
      "2.8", "The message is for the device \(device) alone, and the recipient has none such.",
      otherwise: "That device is registered before the message comes.")
  }
}
