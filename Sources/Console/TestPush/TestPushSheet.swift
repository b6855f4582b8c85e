import Ledger
import Projections
import PushCore

/// The template `test-push`: it asks for a device, or says what a push to one would do.
struct TestPushSheet: Sendable {
  struct Choice: Sendable {
    let id: String
    let link: String
    let platform: String
    let provider: String
    let state: String
  }

  struct Fact: Sendable {
    let name: String
    let value: String
  }

  struct Warning: Sendable {
    let tone: String
    let saying: String
  }

  struct Form: Sendable {
    let user: String
    let device: String
    let usualTitle: String
    let usualText: String
    let titleBytes: Int
    let textBytes: Int
  }

  let user: String?
  let givenDevice: String?
  let choices: [Choice]
  let facts: [Fact]
  let warnings: [Warning]
  let will: [AskSheet.Sentence]
  let form: Form?
  let asksForDevice: Bool
  let hasChoices: Bool
  let action = Place.test.path

  /// - Parameter device: What was given of it already.
  init(device: String?) {
    self.init(user: nil, givenDevice: device)
  }

  /// A user of whom a device is to be chosen.
  init(_ user: UserID, _ devices: [DeviceReport]) {
    self.init(
      user: user.rawValue,
      choices: devices.map { device in
        Choice(
          id: device.device.rawValue,
          link: PagePath.make(
            "/test", ["user": user.rawValue, "device": device.device.rawValue]),
          platform: device.platform, provider: device.provider ?? "none",
          state: device.state ?? "not reported")
      })
  }

  init(
    _ user: UserID, _ device: DeviceReport, pauses: [DispatchPause],
    credentials: [CredentialSummary]
  ) {
    let provider = device.provider.flatMap { ProviderName(rawValue: $0) }
    self.init(
      user: user.rawValue,
      facts: [
        Fact(name: "user", value: user.rawValue),
        Fact(name: "device", value: device.device.rawValue),
        Fact(name: "platform", value: device.platform),
        Fact(name: "provider", value: device.provider ?? "none yet"),
        Fact(name: "topic", value: device.topic ?? "none"),
        Fact(name: "environment", value: device.environment),
        Fact(name: "state", value: device.state ?? "not reported"),
        Fact(name: "token", value: device.tokenSHA256.map { "SHA-256 \($0)" } ?? "none"),
        Fact(name: "registered", value: PageTime(device.registeredAt).text),
      ], warnings: Self.warnings(device, provider, pauses, credentials),
      will: [
        "A message is stored in the ledger, for this device alone.",
        "It is decided on and pushed as any other, through \(device.provider ?? "no provider").",
        "Its page opens then, and shows it on its way: decided, sent, accepted, delivered.",
      ],
      form: Form(
        user: user.rawValue, device: device.device.rawValue,
        usualTitle: TestPushPage.usualTitle, usualText: TestPushPage.usualText,
        titleBytes: TestPushPage.titleBytes, textBytes: TestPushPage.textBytes))
  }

  private init(
    user: String?, givenDevice: String? = nil, choices: [Choice] = [], facts: [Fact] = [],
    warnings: [Warning] = [], will: [String] = [], form: Form? = nil
  ) {
    self.user = user
    self.givenDevice = givenDevice
    self.choices = choices
    self.facts = facts
    self.warnings = warnings
    self.will = will.map { AskSheet.Sentence(sentence: $0) }
    self.form = form
    asksForDevice = form == nil
    hasChoices = !choices.isEmpty
  }

  /// What keeps a push from this device as things are.
  private static func warnings(
    _ device: DeviceReport, _ provider: ProviderName?, _ pauses: [DispatchPause],
    _ credentials: [CredentialSummary]
  ) -> [Warning] {
    var warnings: [Warning] = []
    func warn(_ saying: String) { warnings.append(Warning(tone: "warn", saying: saying)) }
    switch device.state {
    case "logged_out": warn("It is logged out: nothing is pushed to it.")
    case "offline": warn("It counts as gone: nothing was heard of it for long.")
    case "token_invalid": warn("Its provider said that its token is dead.")
    case "foreground":
      warn("The app is open there: whether it is told depends on the app's settings.")
    default: break
    }
    guard let provider else {
      warn("It has no token yet: there is no way to push to it.")
      return warnings
    }
    let holds = pauses.contains { ($0.provider ?? provider) == provider }
    if holds { warn("\(provider.rawValue) is paused: the push waits until it is resumed.") }
    let isStream = provider == .callback && device.topic == CallbackWay.stream.rawValue
    if isStream {
      warn("It is told on a stream: the push waits until the device holds one.")
    } else {
      let fits = credentials.contains { credential in
        credential.provider == provider
          && (device.credential.map { $0 == credential.id } ?? true)
          && credential.fits(
            topic: device.topic,
            environment: PushEnvironment(rawValue: device.environment) ?? .production)
      }
      if !fits { warn("The app has no credential for it: the push waits until one is added.") }
    }
    if device.settings.push == false { warn("It wants no pushes.") }
    return warnings
  }
}
