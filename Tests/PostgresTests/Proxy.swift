import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

/// Stands between a client and its server, and can stop passing anything on.
final class Proxy: Sendable {
  enum Target: Sendable {
    case port(UInt16)
    case file(String)
  }

  let port: UInt16
  private let listener: Int32
  private let silent = Atomic<Bool>(false)

  init(to target: Target) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(0)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var length = size
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    try #require(bound)
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Self.thread { self.accept(target) }
  }

  /// - Returns: One before the server at `url`, and the address that leads through it.
  static func standing(before url: String) async throws -> (proxy: Proxy, url: String) {
    let server = try await PostgresConnection.connect(
      PostgresConfiguration(url), logger: TestDatabase.logger)
    let row = try await server.query(
      """
      select inet_server_addr() is null, current_setting('port'),
        split_part(current_setting('unix_socket_directories'), ',', 1)
      """)[0]
    let port = try #require(UInt16(try row.get(1, as: String.self)))
    let directory = try row.get(2, as: String.self)
    let proxy = try Proxy(
      to: row.get(0, as: Bool.self) ? .file("\(directory)/.s.PGSQL.\(port)") : .port(port))
    return (
      proxy,
      TestDatabase.url(url, adding: ["host=127.0.0.1", "port=\(proxy.port)", "sslmode=disable"])
    )
  }

  /// From now on neither side hears the other, and nobody is told.
  func fallSilent() { silent.store(true, ordering: .releasing) }

  deinit { close(listener) }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accept(_ target: Target) {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      if client < 0 { return }
      let server = Self.connect(to: target)
      Self.thread { self.pass(from: client, to: server) }
      Self.thread { self.pass(from: server, to: client) }
    }
  }

  private func pass(from source: Int32, to target: Int32) {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(source, &bytes, bytes.count)
      if count <= 0 { break }
      if silent.load(ordering: .acquiring) { continue }
      _ = write(target, bytes, count)
    }
    shutdown(target, Int32(SHUT_RDWR))
  }

  private static func connect(to target: Target) -> Int32 {
    switch target {
    case .port(let port):
      let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      connect(server, to: loopback(port))
      return server
    case .file(let path):
      let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
      connect(server, to: address)
      return server
    }
  }

  private static func connect<Address>(_ descriptor: Int32, to address: Address) {
    _ = withUnsafeBytes(of: address) { bytes in
      Glibc.connect(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
        socklen_t(bytes.count))
    }
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func thread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(Body(body)).toOpaque())
    pthread_detach(thread)
  }
}
