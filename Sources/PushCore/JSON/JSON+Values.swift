public import struct Foundation.UUID

// Ids, times and conversations as they stand in JSON.
extension JSON {
  public init(_ time: Timestamp) { self = .string(time.description) }

  public init(_ id: some ByteWiseText) { self = .string(id.rawValue) }

  public init(_ id: UUID) { self = .string(id.uuidString.lowercased()) }

  public init(_ peer: Peer) {
    switch peer {
    case .user(let user): self = ["user": JSON(user)]
    case .group(let group): self = ["group": JSON(group)]
    }
  }
}
