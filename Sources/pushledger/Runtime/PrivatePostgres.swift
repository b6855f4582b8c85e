import ArgumentParser
import Crypto
import Foundation
import Postgres
import PushCore
import Subprocess
import SystemPackage

/// A PostgreSQL server of our own in the data folder, on a unix socket that only its owner reaches.
///
/// PostgreSQL refuses to run as root: then server and data belong to the account `postgres`.
/// A server that another process started is shared, and one that an earlier process left running
/// is taken over: the last to leave stops it.
struct PrivatePostgres: Sendable {
  static let account = "postgres"
  private static let startSeconds = 60
  /// Starts a program as another user.
  private static let asAccount = "/usr/sbin/runuser"

  let folder: String
  let socketFolder: String
  private let binaries: String
  private let asRoot = getuid() == 0

  /// - Throws: ``ValidationError`` when the server's programs are missing.
  init(dataFolder: String) throws {
    guard let binaries = Self.findBinaries() else {
      throw ValidationError(
        "PostgreSQL's server programs (initdb, pg_ctl) are not installed. Install them with "
          + "`apt-get install postgresql`, or name a server in PUSHLEDGER_DATABASE_URL.")
    }
    self.binaries = binaries
    let absolute = URL(fileURLWithPath: dataFolder).standardizedFileURL.path
    let mark = Hex.encode(SHA256.hash(data: Array(absolute.utf8)).prefix(6))
    // A socket's path has at most 107 bytes, so it cannot stand in just any data folder.
    socketFolder = "/tmp/pushledger-\(mark)"
    let inside = absolute + "/postgres"
    do {
      try FileManager.default.createDirectory(
        atPath: absolute, withIntermediateDirectories: true)
    } catch {
      throw ValidationError(
        "The data folder \(absolute) cannot be made. Name another one with --data or "
          + "PUSHLEDGER_DATA_FOLDER, in which \(NSUserName()) may write.")
    }
    folder =
      asRoot && !Self.isReachable(absolute)
      ? "/var/tmp/pushledger-\(mark)" : inside
  }

  /// Lends the server of the settings; where they name none, one of our own, stopped afterwards.
  static func lend<Answer>(
    _ settings: Settings, for command: String,
    _ body: (PostgresConfiguration) async throws -> Answer
  ) async throws -> Answer {
    guard settings.text(.databaseURL).isEmpty else {
      return try await body(settings.postgres(command))
    }
    let server = try PrivatePostgres(dataFolder: settings.text(.dataFolder))
    let lock = try FolderLock(settings.text(.dataFolder))
    try await lock.starting {
      if try await server.isRunning() {
        Output.note("Sharing the private PostgreSQL that runs in \(server.folder)")
      } else {
        Output.note("Starting a private PostgreSQL in \(server.folder)")
        try await server.start()
      }
    }
    Output.note("Its address, for psql and other commands: \(server.url)")
    let answer: Answer
    do {
      answer = try await body(
        PostgresConfiguration(server.url, applicationName: "pushledger \(command)"))
    } catch {
      try? await lock.leaving { try await server.stop() }
      throw error
    }
    try await lock.leaving { try await server.stop() }
    return answer
  }

  var url: String {
    let host = socketFolder.replacing("/", with: "%2F")
    return "postgresql://\(Self.account)@\(host)/postgres"
  }

  func isRunning() async throws -> Bool {
    guard FileManager.default.fileExists(atPath: folder + "/PG_VERSION") else { return false }
    return try await status() == 0
  }

  /// Where it does not run.
  func start() async throws {
    try prepare(folder)
    try prepare(socketFolder)
    if !FileManager.default.fileExists(atPath: folder + "/PG_VERSION") {
      try await run(
        "initdb",
        [
          "--pgdata", folder, "--username", Self.account, "--auth", "trust", "--encoding", "UTF8",
          "--locale", "C.UTF-8", "--no-instructions",
        ])
    }
    let options = [
      "-c listen_addresses=''", "-c unix_socket_directories='\(socketFolder)'",
      "-c unix_socket_permissions=0700", "-c max_connections=100", "-c shared_buffers=128MB",
      "-c max_wal_size=2GB", "-c log_min_messages=warning",
    ].joined(separator: " ")
    try await run(
      "pg_ctl",
      [
        "--pgdata", folder, "--log", folder + "/server.log", "--wait", "--timeout",
        "\(Self.startSeconds)", "--options", options, "start",
      ])
  }

  func stop() async throws {
    if try await status() == 0 {
      try await run("pg_ctl", ["--pgdata", folder, "--mode", "fast", "--wait", "stop"])
    }
    _ = rmdir(socketFolder)
  }

  // MARK: Programs

  /// 0: running.
  private func status() async throws -> Int32 {
    try await execute("pg_ctl", ["--pgdata", folder, "status"]).status
  }

  private func run(_ program: String, _ arguments: [String]) async throws {
    let (status, output) = try await execute(program, arguments)
    guard status == 0 else {
      throw ValidationError(
        "\(program) failed with status \(status). \(output.suffix(2_000))\n"
          + "The server's log is \(folder)/server.log.")
    }
  }

  private func execute(
    _ program: String, _ arguments: [String]
  ) async throws -> (status: Int32, output: String) {
    // A file, not a pipe: the server keeps what it inherits open as long as it runs.
    let log = FilePath(NSTemporaryDirectory()).appending("pushledger-\(UUID().uuidString).log")
    defer { try? FileManager.default.removeItem(atPath: log.string) }
    let file = try SystemPackage.FileDescriptor.open(
      log, .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
    let path = binaries + "/" + program
    let ended = try await Subprocess.run(
      .path(FilePath(asRoot ? Self.asAccount : path)),
      arguments: Arguments(asRoot ? ["-u", Self.account, "--", path] + arguments : arguments),
      workingDirectory: "/",
      output: .fileDescriptor(file, closeAfterSpawningProcess: true), error: .combinedWithOutput)
    let text = (try? String(contentsOfFile: log.string, encoding: .utf8)) ?? ""
    switch ended.terminationStatus {
    case .exited(let code): return (code, text)
    case .signaled(let signal): return (128 + signal, text)
    }
  }

  // MARK: Folders

  private func prepare(_ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    guard asRoot else { return }
    let account = try Self.serverAccount()
    guard chown(path, account.user, account.group) == 0 else {
      throw ValidationError("The folder \(path) cannot be given to \(Self.account).")
    }
  }

  private static func serverAccount() throws -> (user: uid_t, group: gid_t) {
    guard let account = getpwnam(account) else {
      throw ValidationError(
        "PostgreSQL does not run as root, and there is no account \(Self.account) to run it. "
          + "Install Debian's package `postgresql`, which makes one, or run as another user.")
    }
    return (account.pointee.pw_uid, account.pointee.pw_gid)
  }

  /// Whether everybody may walk down to the folder.
  private static func isReachable(_ path: String) -> Bool {
    var url = URL(fileURLWithPath: path)
    while url.path != "/" {
      let entry = try? FileManager.default.attributesOfItem(atPath: url.path)
      guard let mode = entry?[.posixPermissions] as? Int, mode & 0o001 != 0 else { return false }
      url.deleteLastPathComponent()
    }
    return true
  }

  private static func findBinaries() -> String? {
    let files = FileManager.default
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    var candidates = path.split(separator: ":").map(String.init)
    let versions = (try? files.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    candidates += versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
      .map { "/usr/lib/postgresql/\($0)/bin" }
    return candidates.first { folder in
      ["initdb", "pg_ctl", "postgres"]
        .allSatisfy { files.isExecutableFile(atPath: folder + "/" + $0) }
    }
  }
}
