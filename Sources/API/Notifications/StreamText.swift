import NIOCore
import PushCore

import struct Foundation.UUID

/// The text of a stream. Source: WHATWG HTML, "Server-sent events", 9.2.6.
enum StreamText {
  static let type = "text/event-stream"

  /// How long a client waits before it comes again, in milliseconds.
  static let opening = ByteBuffer(
    string: "retry: \(APILimits.streamRetry.components.seconds * 1_000)\n\n")
  static let heartbeat = ByteBuffer(string: ":\n\n")
  static let replaced = ByteBuffer(string: "event: replaced\ndata: {}\n\n")

  static func together(_ items: [NotificationStream.Item]) -> ByteBuffer {
    if items.count == 1 { return items[0].text }
    var whole = ByteBuffer()
    whole.reserveCapacity(items.reduce(0) { $0 + $1.text.readableBytes })
    for item in items { whole.writeImmutableBuffer(item.text) }
    return whole
  }

  /// JSON holds no line's end, so it is one line.
  static func notification(position: Position, _ json: JSON) -> ByteBuffer {
    let data = json.serialized()
    var buffer = ByteBuffer()
    buffer.reserveCapacity(data.count + 64)
    buffer.writeString("id: \(position)\nevent: notification\ndata: ")
    buffer.writeBytes(data)
    buffer.writeString("\n\n")
    return buffer
  }
}
