/// What was asked for took too long, and was given up.
struct DeadlineExceeded: Error {}

/// Runs a body, and gives it up when it takes longer than `limit`.
func within<Answer: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Answer
) async throws -> Answer {
  try await withThrowingTaskGroup(of: Answer.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: limit)
      throw DeadlineExceeded()
    }
    defer { group.cancelAll() }
    guard let answer = try await group.next() else { throw DeadlineExceeded() }
    return answer
  }
}
