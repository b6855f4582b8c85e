import ArgumentParser
import PushCore

/// What a configuration file may hold: settings and nothing else, so that a mistyped name is not
/// taken for a default.
enum SettingsFile {
  /// - Throws: ``ValidationError`` naming the file, the setting, and what is expected.
  static func check(_ json: JSON, file: String) throws {
    guard case .object = json else {
      throw ValidationError(
        "The configuration file \(file) holds \(json.kind); an object of settings is expected.")
    }
    try check(json, [], file)
  }

  private static func check(_ json: JSON, _ path: [String], _ file: String) throws {
    if case .object(let members) = json {
      for member in members { try check(member.value, path + [member.key], file) }
      return
    }
    let name = path.joined(separator: ".")
    guard Setting(rawValue: name) != nil else {
      throw ValidationError(
        "The configuration file \(file) sets \(name), which is no setting. "
          + "`pushledger config` lists them.")
    }
    switch json {
    case .string: return
    case .number where json.integer != nil: return
    default:
      throw ValidationError(
        "\(name) in \(file) is \(json.kind); a text or a whole number is expected.")
    }
  }
}
