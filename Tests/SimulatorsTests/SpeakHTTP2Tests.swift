import Foundation
import NIOSSL
import Simulators
import Testing

@Suite("SpeakHTTP2") struct SpeakHTTP2 {
  @Test(arguments: [TLSVersion.tlsv12, .tlsv13], [["h2"], []])
  func worksWithAndWithoutALPN(tls: TLSVersion, alpn: [String]) async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(
        PushClient.Options(alpn: alpn, maximumTLSVersion: tls))
      #expect(try await client.push(bench.push).status == 200)
    }
  }

  @Test func refusesTLSBelow12() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(PushClient.Options(maximumTLSVersion: .tlsv11))
      #expect(client.view.isClosed && !client.view.isConnected)
    }
  }

  @Test func acknowledgesPings() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect()
      client.write(ClientFrame.ping([8, 7, 6, 5, 4, 3, 2, 1]).bytes)
      try await client.until { $0.pingAcks == [[8, 7, 6, 5, 4, 3, 2, 1]] }
    }
  }

  @Test func readsSplitPaddedAndUnknownFrames() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let (stream, frames) = client.frames(bench.push.headers, body: bench.push.body)
      let block = frames[0].payload
      let half = block.count / 2
      let made = [
        ClientFrame(kind: 0x42, flags: 0xFF, stream: 0, payload: [1, 2, 3]),
        ClientFrame(
          kind: 1, flags: 0x8 | 0x20, stream: stream,
          payload: [2, 0, 0, 0, 0, 15] + block[..<half] + [0, 0]),
        ClientFrame(kind: 9, flags: 0, stream: stream, payload: []),
        ClientFrame(kind: 9, flags: 4, stream: stream, payload: Array(block[half...])),
        ClientFrame(
          kind: 0, flags: 0x8, stream: stream, payload: [1] + bench.push.body[..<10] + [0]),
        ClientFrame(kind: 0, flags: 0, stream: stream, payload: Array(bench.push.body[10...])),
        ClientFrame(kind: 0, flags: 1, stream: stream, payload: []),
      ]
      for byte in made.flatMap(\.bytes) { client.write([byte]) }
      #expect(try await client.answer(on: stream).status == 200)
    }
  }

  @Test func takesTrailers() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let (stream, frames) = client.frames(
        bench.push.headers, body: bench.push.body, endsStream: false)
      let trailers = client.frames([("x-trailer", "1")], body: []).frames[0]
      let ending = ClientFrame(kind: 1, flags: 5, stream: stream, payload: trailers.payload)
      client.write((frames + [ending]).flatMap(\.bytes))
      #expect(try await client.answer(on: stream).status == 200)
    }
  }

  @Test func waitsForTheClientsWindow() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(PushClient.Options(settings: [(4, 10)]))
      let stream = client.send(bench.push.with("authorization", nil))
      let view = try await client.until { $0.responses[stream]?.status == 403 }
      #expect(view.responses[stream]?.body.isEmpty == true)
      client.write(ClientFrame.windowUpdate(stream: stream, 100).bytes)
      let answer = try await client.answer(on: stream)
      #expect(answer.bodyText == #"{"reason":"MissingProviderToken"}"#)
      #expect(answer.dataFrames == 1)
    }
  }

  @Test func answersAnEndlessBodyBeforeItsEnd() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let body = Array(repeating: UInt8(ascii: " "), count: 40_000)
      let (stream, frames) = client.frames(bench.push.headers, body: body, endsStream: false)
      client.write(frames.flatMap(\.bytes))
      #expect(try await client.answer(on: stream).status == 413)
      try await client.until { $0.responses[stream]?.resetCode == 0 }
    }
  }

  @Test func grantsTheConnectionItsWindowAnew() async throws {
    try await TestBench.run { bench in
      let client = try await bench.authenticated()
      let push = bench.push.withBody(bytes: 4_096)
      for _ in 0..<3 {
        for stream in client.send(Array(repeating: push, count: 100)) {
          #expect(try await client.answer(on: stream).status == 200)
        }
      }
      #expect(client.view.grantedBytes > 300 * 4_096 - 65_535)
    }
  }

  @Test func lightensAClientsTableWhenItAsks() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(PushClient.Options(settings: [(1, 0)]))
      #expect(try await client.push(bench.push).status == 200)
      #expect(try await client.push(bench.push).status == 200)
    }
  }

  struct Violation: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var code: UInt32
    var bytes: [UInt8]
  }

  static let violations = [
    Violation(
      testDescription: "DATA before HEADERS", code: 1,
      bytes: ClientFrame(kind: 0, flags: 0, stream: 1, payload: [0]).bytes),
    Violation(
      testDescription: "an even stream", code: 1,
      bytes: ClientFrame(kind: 1, flags: 5, stream: 2, payload: [0x82]).bytes),
    Violation(
      testDescription: "a broken header block", code: 9,
      bytes: ClientFrame(kind: 1, flags: 5, stream: 1, payload: [0xFF, 0xFF, 0xFF]).bytes),
    Violation(
      testDescription: "a huge frame", code: 6, bytes: [0xFF, 0, 0, 0, 0, 0, 0, 0, 1]),
    Violation(
      testDescription: "an interrupted header block", code: 1,
      bytes: ClientFrame(kind: 1, flags: 1, stream: 1, payload: [0x82]).bytes
        + ClientFrame.ping(Array(repeating: 0, count: 8)).bytes),
    Violation(
      testDescription: "headers without end", code: 11,
      bytes: ClientFrame(kind: 1, flags: 1, stream: 1, payload: [0x82]).bytes
        + Array(
          repeating: ClientFrame(kind: 9, flags: 0, stream: 1, payload: []).bytes, count: 40
        ).joined()),
    Violation(
      testDescription: "a window beyond its limit", code: 3,
      bytes: ClientFrame.windowUpdate(stream: 0, 0x7FFF_FFFF).bytes),
    Violation(
      testDescription: "a short PING", code: 6, bytes: ClientFrame.ping([1]).bytes),
  ]

  @Test(arguments: violations) func endsAConnectionThatBreaksTheRules(
    _ violation: Violation
  ) async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect()
      client.write(violation.bytes)
      let view = try await client.until { $0.isClosed }
      #expect(view.goAways.map(\.code) == [violation.code])
    }
  }

  @Test func closesOnHTTP1() async throws {
    try await TestBench.run { bench in
      let client = try await bench.connect(PushClient.Options(alpn: [], sendsPreface: false))
      client.write(Array("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
      try await client.until { $0.isClosed }
    }
  }

  static let curl = "/usr/bin/curl"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: curl)))
  func worksWithCurl() async throws {
    try await TestBench.run { bench in
      let folder = FileManager.default.temporaryDirectory
      let authority = folder.appending(path: "simulator-\(UUID().uuidString).pem")
      try Data(bench.simulator.caCertificatePEM.utf8).write(to: authority)
      defer { try? FileManager.default.removeItem(at: authority) }
      let process = Process()
      process.executableURL = URL(filePath: Self.curl)
      let url = "https://localhost:\(bench.simulator.port)/3/device/"
      process.arguments =
        ["--silent", "--http2-prior-knowledge", "--max-time", "20", "--cacert", authority.path]
        + ["--write-out", "%{http_version} %{http_code}\n", "--header"]
        + ["authorization: \(bench.authorization)", "--header", "apns-topic: org.example.chat"]
        + ["--data", #"{"aps":{"alert":"hello"}}"#, url + TestPush.token, url + "odd"]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let text = String(
        decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      #expect(text == "2 200\n{\"reason\":\"BadDeviceToken\"}2 400\n")
      #expect(bench.simulator.received().pushes.first?.alertText == "hello")
    }
  }
}
