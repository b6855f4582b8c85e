import Hummingbird
import NIOCore

/// Why a request's body could not be collected.
enum BodyFault: Error {
  case tooLarge, tooSlow
  /// Too much is held of others.
  case noRoom
  /// It broke off, or is not framed as HTTP/1.1 wants.
  case broken
}

extension Request {
  /// Collects the body, of at most so many bytes, for ``APILimits/bodyTime``.
  ///
  /// - Parameter hold: Is told how many bytes there will be, before they are kept, and says whether
  ///   there is room.
  /// - Throws: ``BodyFault``, `CancellationError`.
  func collect(
    upTo limit: Int, hold: (Int) -> Bool = { _ in true }
  ) async throws -> ByteBuffer {
    var whole = ByteBuffer()
    let started = ContinuousClock.now
    do {
      for try await part in body {
        guard started.duration(to: .now) < APILimits.bodyTime else { throw BodyFault.tooSlow }
        let bytes = whole.readableBytes + part.readableBytes
        guard bytes <= limit else { throw BodyFault.tooLarge }
        guard hold(bytes) else { throw BodyFault.noRoom }
        whole.writeImmutableBuffer(part)
      }
    } catch let fault as BodyFault {
      throw fault
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw BodyFault.broken
    }
    return whole
  }
}
