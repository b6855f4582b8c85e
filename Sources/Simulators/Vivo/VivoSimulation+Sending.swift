import PushCore
import Synchronization

extension VivoSimulation {
  private static let recipients = 2...1_000
  private static let requestIDUnits = 64
  private static let eastOfUTC = Int64(8 * 3600)
  /// When operation messages may go, in China.
  private static let operationHours: Range<Int64> = 7..<23

  // MARK: One recipient

  func send(
    _ body: JSON, _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(VivoRefusal) -> SimulatedAnswer {
    let app = try app(of: body, request, in: world)
    guard let token = body["regId"]?.string, !token.isEmpty else { throw .recipientMissing }
    let form = try VivoForm(body)
    let fate = world.fate(of: token)
    let task = nextTask()
    var isAccepted = false
    defer { record(form, [token: isAccepted], task, request, in: world) }
    if fate == "http_500" { return Self.fault }
    if let code = Self.code(of: fate, alone: true) { throw VivoRefusal(code) }
    try takeRequestID(of: body, app)
    try takeVolume(of: form, 1, app, at: world.now)
    let status = Self.status(of: token, fate, form, app)
    isAccepted = status == nil
    if isAccepted { report(form, token, fate, task, in: world) }
    return .json(
      .object(present: [
        ("result", 0), ("desc", "请求成功"), ("taskId", .string(task)),
        ("invalidUser", status.map { Self.invalid(token, $0) }),
      ]))
  }

  // MARK: Many

  func saveList(
    _ body: JSON, _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(VivoRefusal) -> SimulatedAnswer {
    let app = try app(of: body, request, in: world)
    let form = try VivoForm(body)
    try takeRequestID(of: body, app)
    let hasRoom = state.withLock {
      $0.apps[app.appID]?.lists.takePushes(1, at: world.now) ?? false
    }
    guard hasRoom else { throw .listVolume }
    let id = nextTask()
    state.withLock { state in
      if state.tasks.count >= Self.maxTasks { state.tasks = [:] }
      state.tasks[id] = Task(appID: app.appID, form: form)
    }
    return .json(["result": 0, "desc": "请求成功", "taskId": .string(id)])
  }

  func pushToList(
    _ body: JSON, _ request: SimulatedRequest, in world: SimulatedWorld
  ) throws(VivoRefusal) -> SimulatedAnswer {
    let app = try app(of: body, request, in: world)
    let tokens = body["regIds"]?.array?.compactMap(\.string) ?? []
    guard Self.recipients.contains(tokens.count), Set(tokens).count == tokens.count else {
      throw .recipients
    }
    guard let id = body["taskId"]?.string, let task = state.withLock({ $0.tasks[id] }),
      task.appID == app.appID
    else { throw .task }
    try takeRequestID(of: body, app)
    let fates = tokens.map { world.fate(of: $0) }
    var accepted: [String: Bool] = [:]
    for token in tokens { accepted[token] = false }
    defer { record(task.form, accepted, id, request, in: world) }
    if fates.contains("http_500") { return Self.fault }
    for fate in fates {
      if let code = Self.code(of: fate, alone: false) { throw VivoRefusal(code) }
    }
    try takeVolume(of: task.form, tokens.count, app, at: world.now)
    var invalid: [JSON] = []
    for (token, fate) in zip(tokens, fates) {
      let status = Self.status(of: token, fate, task.form, app)
      accepted[token] = status == nil
      if let status { invalid.append(Self.invalid(token, status)) }
    }
    return .json(
      .object(present: [
        ("result", 0), ("desc", "请求成功"), ("taskId", .string(id)),
        ("invalidUsers", invalid.isEmpty ? nil : .array(invalid)),
      ]))
  }

  // MARK: Rules

  private func takeRequestID(of body: JSON, _ app: VivoApp) throws(VivoRefusal) {
    guard let id = body["requestId"]?.string, !id.isEmpty, id.utf16.count <= Self.requestIDUnits
    else { throw .requestIDWrong }
    let isNew = state.withLock { $0.apps[app.appID]?.requestIDs.insert(id) ?? false }
    guard isNew else { throw .requestIDKnown }
  }

  private func takeVolume(
    of form: VivoForm, _ count: Int, _ app: VivoApp, at now: Timestamp
  ) throws(VivoRefusal) {
    let hour = (now.seconds + Self.eastOfUTC) % 86_400 / 3_600
    if form.classification == .operation, !Self.operationHours.contains(hour) { throw .night }
    let hasRoom = state.withLock { state in
      switch form.classification {
      case .operation: state.apps[app.appID]?.operation.takePushes(count, at: now) ?? false
      case .system: state.apps[app.appID]?.system.takePushes(count, at: now) ?? false
      }
    }
    guard hasRoom else {
      throw form.classification == .operation ? .operationVolume : .systemVolume
    }
  }

  /// The code that ends a call.
  private static func code(of fate: String?, alone: Bool) -> Int? {
    switch fate {
    case "dead": alone ? 10302 : nil
    case "muted": alone ? 10311 : nil
    default: fate.flatMap { Int($0) }
    }
  }

  /// Why one recipient of a call that goes well is refused.
  private static func status(
    of token: String, _ fate: String?, _ form: VivoForm, _ app: VivoApp
  ) -> Int? {
    switch fate {
    case "dead", "unknown": 1
    case "gone": 2
    case "stranger": 4
    default: form.isTest && !app.testTokens.contains(token) ? 4 : nil
    }
  }

  private static func invalid(_ token: String, _ status: Int) -> JSON {
    ["userid": .string(token), "status": .integer(status)]
  }

  private static var fault: SimulatedAnswer {
    .text("<html><body>Internal Server Error</body></html>", status: 500, contentType: "text/html")
  }

  private func nextTask() -> String {
    state.withLock { state in
      state.lastTask += 1
      return String(700_000_000 + state.lastTask)
    }
  }

  // MARK: What became of it

  private func record(
    _ form: VivoForm, _ tokens: [String: Bool], _ task: String, _ request: SimulatedRequest,
    in world: SimulatedWorld
  ) {
    for (token, isAccepted) in tokens.sorted(by: { $0.key < $1.key }) {
      world.record(
        SimulatedPush(
          token: token, id: task, payload: form.body.serialized(), note: form.note,
          isAccepted: isAccepted, connection: request.connection))
    }
  }

  private func report(
    _ form: VivoForm, _ token: String, _ fate: String?, _ task: String, in world: SimulatedWorld
  ) {
    guard let url = form.callback, !form.isTest, fate != "silent" else { return }
    let type = fate.flatMap { $0.hasPrefix("ack_") ? String($0.dropFirst(4)) : nil } ?? "0"
    reports.add(
      [
        ReportBook.Report(
          url: url, key: task,
          value: .object(present: [
            ("param", form.parameter.map { .string($0) }), ("targets", .string(token)),
            ("ackTime", .integer(world.now.microseconds / 1_000)), ("ackType", .string(type)),
          ]))
      ], in: world)
  }
}
