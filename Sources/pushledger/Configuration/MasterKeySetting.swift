import ArgumentParser
import Foundation
import Ledger
import PushCore

extension Settings {
  /// The master keys that are set, in one way or the other; nil: none is.
  ///
  /// - Throws: ``ValidationError`` naming the setting, where it was set, and what is wrong with it;
  ///   never a key.
  func masterKeys() throws -> MasterKeys? {
    let file = text(.masterKeyFile)
    if text(.masterKey).isEmpty {
      return file.isEmpty ? nil : try MasterKeyFile.read(file, setBy: origin(.masterKeyFile))
    }
    guard file.isEmpty else {
      throw ValidationError(
        "Both master.key (set by: \(origin(.masterKey))) and master.key.file (set by: "
          + "\(origin(.masterKeyFile))) are set; leave one out.")
    }
    do {
      return try MasterKeys(parsing: text(.masterKey))
    } catch {
      throw ValidationError(
        "master.key is wrong: \(error) It was set by: \(origin(.masterKey)).")
    }
  }
}

/// A file of master keys: one that a setting names, or the one that `up` makes for its private
/// server.
enum MasterKeyFile {
  private static let name = "master.key"
  private static let head =
    "# Without this key the credentials of this folder's database cannot be opened.\n"

  static func read(_ path: String, setBy origin: String) throws -> MasterKeys {
    guard let file = FileHandle(forReadingAtPath: path),
      let data = try? file.read(upToCount: MasterKeys.textBytes + 1)
    else {
      throw ValidationError(
        "master.key.file is \(path), which cannot be read. It was set by: \(origin).")
    }
    do {
      return try MasterKeys(parsing: String(decoding: data, as: UTF8.self))
    } catch {
      throw ValidationError(
        "The file \(path) of master.key.file is wrong: \(error) It was set by: \(origin).")
    }
  }

  /// The file in a data folder, made where it is missing, for its owner alone. Of several
  /// processes that make it, all read what the first made.
  static func own(in dataFolder: String) throws -> (keys: MasterKeys, path: String) {
    let path = URL(fileURLWithPath: dataFolder).standardizedFileURL.path + "/" + name
    if !FileManager.default.fileExists(atPath: path) { try make(path) }
    return (try read(path, setBy: "up"), path)
  }

  /// Writes beside it and links it in place, so that nobody finds half a file.
  private static func make(_ path: String) throws {
    let draft = path + "." + UUID().uuidString
    defer { unlink(draft) }
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: Data((head + MasterKeys.newKeyText() + "\n").utf8))
      try file.synchronize()
    } catch {
      throw failure(path)
    }
    guard link(draft, path) == 0 || errno == EEXIST else { throw failure(path) }
  }

  private static func failure(_ path: String) -> ValidationError {
    ValidationError(
      "The master key cannot be written to \(path). Name another folder with --data, or set "
        + "PUSHLEDGER_MASTER_KEY.")
  }
}
