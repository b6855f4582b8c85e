import API
import ArgumentParser
import Foundation
import PushCore

struct UserSigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usersig", abstract: "Makes and explains Tencent IM's UserSigs.",
    discussion: """
      EXAMPLES
        pushledger usersig make --sdkappid 1400000000 --identifier ann \\
          --secret key.txt
        pushledger usersig explain eJyrVgrxCdYr…
      """,
    subcommands: [UserSigMake.self, UserSigExplain.self])

  static var now: Int64 { Int64(Date().timeIntervalSince1970) }

  /// The first line of a file: secrets are better kept out of the command line.
  ///
  /// - Parameter mayBeEmpty: Whether an empty one takes the secret away.
  static func secret(
    _ file: String, of option: String = "--secret", mayBeEmpty: Bool = false
  ) throws -> String {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ValidationError("The file \(file) of \(option) cannot be read.")
    }
    let line = String(text.prefix { !$0.isNewline })
    guard mayBeEmpty || !line.isEmpty else {
      throw ValidationError(
        "The first line of the file \(file) of \(option) is empty; the secret is expected there.")
    }
    return line
  }
}

struct UserSigMake: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make", abstract: "Signs for a user or an administrator.",
    discussion: """
      Needs no database. The same values give the same UserSig as Tencent's own libraries.

      EXAMPLES
        pushledger usersig make --sdkappid 1400000000 \\
          --identifier administrator --secret key.txt
        pushledger usersig make --sdkappid 1400000000 --identifier ann \\
          --secret key.txt --lifetime 86400
      """)

  @Option(help: "The app's number.") var sdkappid: Int64
  @Option(help: "The user, or the administrator.") var identifier: String
  @Option(help: "The file whose first line is the app's secret key.") var secret: String
  @Option(help: "Seconds that it is good for.") var lifetime = UserSig.usualLifetime
  @Option(help: "When it was made, in seconds since 1970; now unless given.") var time: Int64?
  @Option(help: "Bytes to be signed with it, in base64.") var userbuf: String?

  func run() async throws {
    let bytes = try userbuf.map { text in
      guard let data = Data(base64Encoded: text) else {
        throw ValidationError("--userbuf is no base64.")
      }
      return Array(data)
    }
    let key = try UserSigCommand.secret(secret)
    do {
      let sig = try UserSig(
        identifier: identifier, sdkAppID: sdkappid, issuedAt: time ?? UserSigCommand.now,
        lifetime: lifetime, userbuf: bytes, secretKey: key)
      Output.line(sig.text)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}

struct UserSigExplain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows what a UserSig says, and whether it is good.",
    discussion: """
      Needs no database. Without --secret it tells what is in it; who made it, it can't tell.

      EXAMPLES
        pushledger usersig explain eJyrVgrxCdYr…
        pushledger usersig explain eJyrVgrxCdYr… --secret key.txt --json

      Exits 1 where it has expired or another key made it.
      """)

  @Argument(help: "The UserSig; - reads it from standard input.") var usersig: String
  @Option(help: "The file whose first line is the app's secret key.") var secret: String?
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    let given = usersig == "-" ? readLine() ?? "" : usersig
    let sig: UserSig
    do {
      sig = try UserSig(reading: given)
    } catch {
      throw ValidationError("\(error) (\(error.rawValue))")
    }
    let isExpired = UserSigCommand.now > sig.expiresAt
    let isSigned = try secret.map { sig.isSigned(with: try UserSigCommand.secret($0)) }
    show(sig, isExpired: isExpired, isSigned: isSigned)
    if isExpired || isSigned == false { throw ExitCode.failure }
  }

  private func show(_ sig: UserSig, isExpired: Bool, isSigned: Bool?) {
    let issuedAt = Self.written(sig.issuedAt)
    let expiresAt = Self.written(sig.expiresAt)
    if json {
      Output.json([
        "identifier": .string(sig.identifier), "sdkappid": .integer(sig.sdkAppID),
        "time": .integer(sig.issuedAt), "expire": .integer(sig.lifetime),
        "issued_at": .string(issuedAt), "expires_at": .string(expiresAt),
        "expired": .bool(isExpired), "signed": isSigned.map { .bool($0) } ?? .null,
        "userbuf": sig.userbuf.map { .string(Data($0).base64EncodedString()) } ?? .null,
      ])
      return
    }
    let key =
      switch isSigned {
      case true?: "made with this secret key"
      case false?: "NOT made with this secret key (70009)"
      case nil: "not checked; give --secret"
      }
    Output.line(
      """
      identifier  \(sig.identifier)
      sdkappid    \(sig.sdkAppID)
      issued      \(issuedAt)
      expires     \(expiresAt)\(isExpired ? "  EXPIRED (70001)" : "")
      userbuf     \(sig.userbuf.map { "\($0.count) bytes" } ?? "none")
      signature   \(key)
      """)
  }

  /// A time beyond what a timestamp can hold is as good as never.
  private static func written(_ seconds: Int64) -> String {
    seconds > 253_402_300_799
      ? "after 9999" : Timestamp(microseconds: seconds * 1_000_000).description
  }
}
