import ArgumentParser
import PushCore

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Shows every setting: its value, where that came from, and what it means.",
    discussion: """
      Flags come before the environment, the environment before --config FILE, and that before \
      the default. In the file a name's parts are nested: {"http": {"port": 8080}}.

      A value that cannot be used is shown with what is wrong, and the exit code is 1. Variables \
      that begin with PUSHLEDGER_ and set nothing are named on standard error.

      EXAMPLES
        pushledger config
        pushledger config --config /etc/pushledger.json --json
      """)

  @OptionGroup var common: CommonOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    let settings = try await common.settings()
    for variable in Settings.unknownVariables {
      Output.note("Warning: \(variable) is in the environment and is no setting.")
    }
    show(settings)
    guard Setting.allCases.allSatisfy({ settings.problem(of: $0) == nil }) else {
      throw ExitCode.failure
    }
  }

  private func show(_ settings: Settings) {
    if json {
      Output.json(
        .array(
          Setting.allCases.map { setting in
            .object(present: [
              ("name", .string(setting.rawValue)), ("variable", .string(setting.variable)),
              ("value", .string(shown(setting, settings))),
              ("origin", .string(settings.origin(setting))),
              ("default", .string(setting.fallback)), ("meaning", .string(setting.meaning)),
              ("problem", settings.problem(of: setting).map { .string($0) }),
            ])
          }))
      return
    }
    for setting in Setting.allCases {
      Output.line(
        "\(setting.rawValue) = \(shown(setting, settings))  (\(settings.origin(setting)))")
      Output.line("    \(setting.variable)  default: \(quoted(setting.fallback))")
      Output.line("    \(setting.meaning)")
      if let problem = settings.problem(of: setting) { Output.line("    WRONG: \(problem)") }
    }
  }

  private func shown(_ setting: Setting, _ settings: Settings) -> String {
    let value = settings.text(setting)
    return setting.isSecret && !value.isEmpty ? "(set)" : quoted(value)
  }

  private func quoted(_ value: String) -> String { value.isEmpty ? "(empty)" : value }
}
