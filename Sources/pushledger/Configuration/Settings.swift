import ArgumentParser
import Configuration
import Foundation
import Logging
import PushCore
import SystemPackage

/// The settings in force: flags before environment before file before defaults.
struct Settings: Sendable {
  private var values: [String: String] = [:]
  /// Where each value came from, for `pushledger config`.
  private(set) var origins: [String: String] = [:]

  /// - Throws: ``ValidationError`` naming the setting, its value and what is expected.
  init(flags: [Setting: String], file: String?) async throws {
    let environment = EnvironmentVariablesProvider().prefixKeys(with: "pushledger")
    var sources: [(name: String, reader: ConfigReader)] = [
      ("environment", ConfigReader(provider: environment))
    ]
    if let file { sources.append((file, try await Self.reader(of: file))) }
    for setting in Setting.allCases {
      if let flag = flags[setting] {
        values[setting.rawValue] = flag
        origins[setting.rawValue] = "flag"
        continue
      }
      for source in sources {
        let key = ConfigKey(setting.rawValue)
        let value =
          source.reader.string(forKey: key, isSecret: setting.isSecret)
          ?? source.reader.int(forKey: key).map(String.init)
        guard let value else { continue }
        values[setting.rawValue] = value
        origins[setting.rawValue] = source.name
        break
      }
    }
  }

  private static func reader(of file: String) async throws -> ConfigReader {
    let wayOut = "Mend it, or leave --config out."
    guard let text = try? Data(contentsOf: URL(fileURLWithPath: file)) else {
      throw ValidationError("The configuration file \(file) cannot be read. \(wayOut)")
    }
    do {
      try SettingsFile.check(try JSON.parse(Array(text)), file: file)
      let provider = try await FileProvider<JSONSnapshot>(filePath: FilePath(file))
      return ConfigReader(provider: provider)
    } catch let error as ValidationError {
      throw error
    } catch {
      throw ValidationError(
        "The configuration file \(file) cannot be read as JSON: \(error). \(wayOut)")
    }
  }

  func text(_ setting: Setting) -> String { values[setting.rawValue] ?? setting.fallback }

  func origin(_ setting: Setting) -> String { origins[setting.rawValue] ?? "default" }

  func number(_ setting: Setting) throws -> Int {
    let range = setting.range ?? Int.min...Int.max
    guard let number = Int(text(setting)), range.contains(number) else {
      throw ValidationError(
        "\(setting.rawValue) is \(text(setting)); a whole number from \(range.lowerBound) to "
          + "\(range.upperBound) is expected. It was set by: \(origin(setting)).")
    }
    return number
  }

  /// What is wrong with a setting's value, as the process that needs it would say; nil: it can be
  /// used, as far as can be seen without the database.
  func problem(of setting: Setting) -> String? {
    do {
      switch setting {
      case .logLevel: _ = try logLevel()
      case .masterKey where !text(setting).isEmpty: _ = try masterKeys()
      case .masterKeyFile where !text(setting).isEmpty && text(.masterKey).isEmpty:
        _ = try masterKeys()
      default: if setting.range != nil { _ = try number(setting) }
      }
      return nil
    } catch {
      return (error as? ValidationError)?.message ?? "\(error)"
    }
  }

  /// Variables of the environment that look like settings and are none.
  static var unknownVariables: [String] {
    let known = Set(Setting.allCases.map(\.variable))
    return ProcessInfo.processInfo.environment.keys
      .filter { $0.hasPrefix(Setting.variablePrefix) && !known.contains($0) }.sorted()
  }

  func logLevel() throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: text(.logLevel)) else {
      throw ValidationError(
        "log.level is \(text(.logLevel)); one of "
          + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
          + " is expected. It was set by: \(origin(.logLevel)).")
    }
    return level
  }
}
