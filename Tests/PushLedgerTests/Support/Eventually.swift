/// Asks the database again and again, ten times a second at most, until what is asked for holds.
///
/// For what nothing announces; whatever a process prints or notifies is waited for as such.
/// - Returns: Whether it came to hold in time.
func eventually(
  within limit: Duration, _ holds: () async throws -> Bool
) async throws -> Bool {
  let deadline = ContinuousClock.now + limit
  while true {
    if try await holds() { return true }
    guard ContinuousClock.now < deadline else { return false }
    try await Task.sleep(for: .milliseconds(100))
  }
}
