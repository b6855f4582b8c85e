import ArgumentParser
import PushCore

extension ValidationError {
  /// - Parameter problem: Begins with a verb, as ``PushCore/FieldError/problem`` does.
  init(argument text: String, _ name: String, _ problem: String) {
    self.init(text.isEmpty ? "\(name) \(problem)" : "\(name) is \(text), which \(problem)")
  }
}

extension AppID {
  /// Reads an app's name off the command line.
  ///
  /// - Throws: ``ValidationError`` naming what was given and what is expected.
  init(argument text: String, _ name: String = "<app>") throws {
    do {
      self = try AppID(validating: text)
    } catch {
      throw ValidationError(argument: text, name, error.problem)
    }
  }
}
