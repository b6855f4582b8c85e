import ArgumentParser
import PushCore

extension AppID {
  /// Reads an app's name off the command line.
  ///
  /// - Throws: ``ValidationError`` naming what was given and what is expected.
  init(argument text: String, _ name: String = "<app>") throws {
    do {
      self = try AppID(validating: text)
    } catch {
      throw ValidationError("\(name) is \(text), which \(error.problem)")
    }
  }
}
