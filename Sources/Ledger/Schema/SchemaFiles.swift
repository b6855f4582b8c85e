import Crypto
import LedgerSQL

/// The SQL of one version of the program.
struct SchemaFiles: Sendable {
  var migrations: [Migration]
  var objects: [SchemaObject]

  static let embedded = SchemaFiles(
    migrations: SQLFiles.migrations,
    objects: SQLFiles.functions.map { SchemaObject(.function, $0.name, $0.sql) }
      + SQLFiles.views.map { SchemaObject(.view, $0.name, $0.sql) }
      + SQLFiles.grants.map { SchemaObject(.grant, $0.name, $0.sql) })

  var version: Int { migrations.last?.number ?? 0 }

  func pending(_ installed: InstalledSchema) -> [Migration] {
    migrations.filter { installed.migrations[$0.number] == nil }
  }

  func outdated(_ installed: InstalledSchema) -> [SchemaObject] {
    objects.filter {
      installed.objects[$0.path] != $0.checksum || !$0.created.isSubset(of: installed.present)
    }
  }

  static func checksum(_ sql: String) -> [UInt8] { Array(SHA256.hash(data: Array(sql.utf8))) }
}

/// A function, view or grant.
struct SchemaObject: Sendable {
  enum Kind: String, Sendable { case function, view, grant }

  var kind: Kind
  /// The file's name.
  var name: String
  var sql: String

  init(_ kind: Kind, _ name: String, _ sql: String) {
    self.kind = kind
    self.name = name
    self.sql = sql
  }

  var path: String { "\(kind.rawValue)s/\(name)" }
  var objectName: String { String(name.prefix { $0 != "." }) }
  var checksum: [UInt8] { SchemaFiles.checksum(sql) }

  /// The functions and views that it makes, with their schemas.
  var created: Set<String> {
    Set(
      sql.matches(of: #/(?m)^create (?:or replace )?(?:function|view) ([a-z_0-9]+\.[a-z_0-9]+)/#)
        .map { String($0.1) })
  }
}

extension SchemaStatus {
  init(program: SchemaFiles, installed: InstalledSchema) {
    self.init(
      database: installed.version, program: program.version,
      pending: program.pending(installed).map(\.name),
      changed: program.migrations.filter { migration in
        installed.migrations[migration.number].map {
          $0 != SchemaFiles.checksum(migration.sql)
        } ?? false
      }.map(\.name),
      outdated: program.outdated(installed).map(\.path))
  }
}
