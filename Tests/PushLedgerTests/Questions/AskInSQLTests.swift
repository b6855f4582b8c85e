import Foundation
import Ledger
import Postgres
import PushCore
import TestSupport
import Testing

@Suite("Ask in SQL", .enabled(if: TestDatabase.isAvailable))
struct AskInSQL {
  @Test("lists the questions, and tells one with its variables, without a database")
  func listsQuestions() async throws {
    let list = try await CommandTree.run(["sql", "--list"])
    #expect(list.status == 0, "\(list)")
    #expect(list.lines.count == NamedQuery.all.count + 1)
    let one = try await CommandTree.run(["sql", "why_no_ring", "--list"])
    #expect(one.text.hasPrefix("Why did this user's phone (not) ring"), "\(one)")
    #expect(one.text.contains("where m.app = :'app' and m.message_id = :'message'"))
    let json = try await CommandTree.run(["sql", "--list", "--json"])
    #expect(json.json?.array?.count == NamedQuery.all.count)
  }

  @Test("every file has a question and declares exactly the variables that it reads")
  func declaresVariables() {
    #expect(NamedQuery.all.count >= 25)
    for query in NamedQuery.all {
      #expect(query.question.hasSuffix("?"), "\(query.name)")
      #expect(Set(query.variables.map(\.name)) == Set(query.readVariables), "\(query.name)")
      #expect(!query.text.contains("-- app"), "\(query.name)")
    }
  }

  @Test("a value is never a part of the statement")
  func takesValuesAsParameters() async throws {
    try await KnownLedger.run { rig in
      for value in ["m1' or 'a' = 'a", "m1'; drop view pushledger.events; --", "$1", ":'user'"] {
        let done = try await rig.succeed("sql", "one_message", "chat", "--set", "message=\(value)")
        #expect(done.text == "No rows.\n", "\(done)")
      }
      let rows = try await rig.pool.query("select count(*) from pushledger.events")
      #expect(try rows[0].get(0, as: Int64.self) == Int64(KnownHistory.events.count))
    }
  }

  @Test("prints a table, JSON or CSV")
  func printsForms() async throws {
    try await KnownLedger.run { rig in
      let words = [
        "sql", "not_shown", "chat", "--set", "from=2026-03-02", "--set", "to=2026-03-03",
      ]
      let table = try await rig.succeed(words)
      #expect(table.lines.first?.hasPrefix("message_id  user_id  device_id") == true, "\(table)")
      let csv = try await rig.succeed(words + ["--csv"])
      #expect(
        csv.lines == [
          "message_id,user_id,device_id,provider,not_shown_at,not_shown_reason",
          "m7,fay,phone,apns,2026-03-02T09:10:05+00:00,status_6",
        ], "\(csv)")
      let json = try await rig.succeed(words + ["--json"])
      #expect(json.json?.array?.first?["user_id"]?.string == "fay")
      let empty = try await rig.succeed(
        "sql", "one_message", "chat", "--set", "message=none", "--csv")
      #expect(empty.lines == ["position,recorded_at,type,user,device,attempt,outcome,reason"])
    }
  }

  @Test(
    "says what is wrong with a question and how to put it right",
    arguments: [
      (["nonsense"], "There is no query named \"nonsense\"."),
      (["one_message", "chat"], "The query one_message needs message"),
      (["one_message"], "The query one_message needs app"),
      (["one_message", "chat", "--set", "user=ann"], "has no variable user; it has app, message."),
      (["not_shown", "chat", "--set", "from=noon"], "variable from is noon; a time is expected"),
      (
        ["group_fan_out", "chat", "--set", "limit=ten"],
        "variable limit is ten; a number is expected"
      ),
      (
        ["most_unread", "chat", "--set", "limit=99999999999"],
        "limit is 99999999999; a number is expected, in digits, of at most 2147483647."
      ),
      (
        ["most_unread", "chat", "--set", "limit=-1"],
        "not fit the question: LIMIT must not be negative. It was given: limit=-1; give another."
      ),
      (
        ["latency_by_hour", "chat", "--set", "from=-infinity", "--set", "to=tomorrow"],
        "It was given: from=-infinity, to=tomorrow; give another."
      ),
      (["rate_by_provider", "chat", "--set", "from=1970-01-01"], "It was given: from=1970-01-01;"),
      (["one_message", "Chat!"], "<app> is Chat!"),
      (["one_message", "chat", "--set", "message"], "--set is message; name=value is expected."),
      (["--json"], "name one"),
    ])
  func refuses(_ words: [String], _ expected: String) async throws {
    try await CommandRig.run { rig in
      let done = try await rig.run(["sql"] + words)
      #expect(done.status != 0, "\(done)")
      #expect(done.errors.contains(expected), "\(done)")
    }
  }

  @Test("a user without the role is told how to get it")
  func namesTheGrant() async throws {
    try await CommandRig.run { rig in
      let user = "test_" + rig.folder.lastPathComponent.suffix(12).lowercased()
      try await rig.pool.withConnection {
        try await $0.execute("create role \(user) login password 'not a secret'")
      }
      let url = TestDatabase.url(
        rig.url, adding: ["user=\(user)", "password=not%20a%20secret"])
      let words = ["sql", "projection_lag"]
      let denied = try await rig.run(words, environment: ["PUSHLEDGER_DATABASE_URL": url])
      try await rig.pool.withConnection {
        try await $0.execute("grant pushledger_reader to \(user)")
      }
      let granted = try await rig.run(words, environment: ["PUSHLEDGER_DATABASE_URL": url])
      try await rig.pool.withConnection { try await $0.execute("drop role \(user)") }
      #expect(denied.status == 1, "\(denied)")
      #expect(denied.errors.contains("grant pushledger_reader to \(user);"), "\(denied)")
      #expect(granted.status == 0, "\(granted)")
      #expect(granted.lines.count == 2, "\(granted)")
    }
  }

  @Test("opens psql with the role, read only, and no address among its arguments")
  func opensPsql() async throws {
    try await CommandRig.run { rig in
      try rig.write("psql", "#!/bin/sh\necho \"$# $PGOPTIONS\"\nenv | grep -c '^PGHOST='\n")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: rig.path("psql"))
      let path = "\(rig.folder.path):/usr/bin:/bin"
      let done = try await rig.run(["sql"], environment: ["PATH": path])
      #expect(done.status == 0, "\(done)")
      #expect(done.text.hasPrefix("0 -c role=pushledger_reader -c search_path=pushledger"))
      #expect(done.text.contains("-c default_transaction_read_only=on"))
      #expect(done.lines.last == "1", "\(done)")
      let without = try await rig.run(["sql"], environment: ["PATH": rig.path("nothing")])
      #expect(without.errors.contains("psql is not installed."), "\(without)")
    }
  }
}
