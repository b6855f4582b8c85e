// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(
  name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIO", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTPTypes = Target.Dependency.product(
  name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")

/// Each target imports only what stands below it in docs/architecture.md; a test holds this list
/// against that order.
let package = Package(
  name: "PushLedger",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "pushledger", targets: ["pushledger"])],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .executableTarget(
      name: "pushledger",
      dependencies: [
        "API", "Console", "PushDispatch", "Reactions", "Projections", "Providers", "Simulators",
        "Ledger", "Postgres", "LedgerSQL", "PushCore", "CAllocator", argumentParser,
        asyncHTTPClient,
        configuration, hummingbird, lifecycle, unixSignals, logging, nioCore, nioPosix, nioHTTP1,
        subprocess, systemPackage,
        crypto, cryptoExtras,
      ],
      swiftSettings: strict),
    .target(
      name: "API",
      dependencies: [
        "Ledger", "Projections", "Providers", "Postgres", "PushCore", "CZlib", crypto, hummingbird,
        hummingbirdCore, httpTypes, lifecycle, logging, nioCore, nioHTTPTypes,
      ],
      resources: [.embedInCode("Documents/schemas.json")], swiftSettings: strict),
    .target(
      name: "Console",
      dependencies: [
        "Projections", "Ledger", "Postgres", "PushCore", crypto, hummingbird, hummingbirdCore,
        httpTypes, lifecycle, logging, mustache, nioCore,
      ],
      resources: [.embedInCode("Templates"), .embedInCode("Assets")], swiftSettings: strict),
    .target(
      name: "PushDispatch",
      dependencies: ["Ledger", "Providers", "Postgres", "PushCore", lifecycle, logging],
      path: "Sources/Dispatch",
      swiftSettings: strict),
    .target(
      name: "Reactions",
      dependencies: [
        "Projections", "Ledger", "Postgres", "PushCore", asyncHTTPClient, crypto, lifecycle,
        logging, nioCore, nioHTTP1, nioPosix,
      ],
      swiftSettings: strict),
    .target(
      name: "Projections",
      dependencies: ["Ledger", "Postgres", "PushCore", lifecycle, logging],
      swiftSettings: strict),
    .target(
      name: "Providers",
      dependencies: [
        "PushCore", asyncHTTPClient, crypto, jwtKit, logging, nioCore, nioPosix, nioHPACK, nioHTTP1,
        nioHTTP2, nioSSL, nioTLS, swiftASN1, x509,
      ],
      swiftSettings: strict),
    .target(
      name: "Simulators",
      dependencies: [
        "PushCore", asyncHTTPClient, crypto, jwtKit, logging, nioCore, nioPosix, nioHPACK, nioHTTP1,
        nioSSL, nioTLS, swiftASN1, x509,
      ],
      swiftSettings: strict),
    .target(
      name: "Ledger",
      dependencies: ["Postgres", "LedgerSQL", "PushCore", "CZlib", crypto, lifecycle, logging],
      swiftSettings: strict),
    .target(name: "Postgres", dependencies: ["CLibPQ", logging], swiftSettings: strict),
    .target(
      name: "LedgerSQL", path: "sql", exclude: ["schema.sql"], sources: ["LedgerSQL.swift"],
      resources: [
        .embedInCode("migrations"), .embedInCode("functions"), .embedInCode("views"),
        .embedInCode("grants"), .embedInCode("queries"),
      ],
      swiftSettings: strict),
    .target(name: "PushCore", dependencies: [crypto], swiftSettings: strict),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CAllocator"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "TestSupport", dependencies: ["Postgres", "PushCore", logging],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(
      name: "PushCoreTests", dependencies: ["PushCore", "TestSupport"], exclude: ["Examples"],
      swiftSettings: strict),
    .testTarget(
      name: "ProjectionsTests",
      dependencies: [
        "Projections", "Ledger", "Postgres", "PushCore", "TestSupport", lifecycle, logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LedgerTests",
      dependencies: [
        "Ledger", "LedgerSQL", "Postgres", "PushCore", "TestSupport", crypto, logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "APITests",
      dependencies: [
        "API", "Ledger", "Projections", "Postgres", "PushCore", "TestSupport", asyncHTTPClient,
        httpTypes, hummingbird, lifecycle, logging, nioCore, nioPosix, nioHTTP1,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ConsoleTests",
      dependencies: [
        "API", "Console", "Projections", "Ledger", "Postgres", "PushCore", "TestSupport", httpTypes,
        hummingbirdCore, lifecycle, nioCore, nioEmbedded,
      ],
      exclude: ["Browser/Rules"],
      swiftSettings: strict),
    .testTarget(
      name: "PostgresTests", dependencies: ["Postgres", "TestSupport", logging],
      swiftSettings: strict),
    .testTarget(
      name: "ProvidersTests",
      dependencies: [
        "Providers", "Simulators", "PushCore", "PushDispatch", "Projections", "Ledger", "Postgres",
        "TestSupport", asyncHTTPClient, crypto, jwtKit, lifecycle, logging, nioCore, nioHPACK,
        nioHTTP1, swiftASN1, x509,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DispatchTests",
      dependencies: [
        "PushDispatch", "Projections", "Providers", "Ledger", "Postgres", "PushCore",
        "TestSupport", crypto, lifecycle, logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ReactionsTests",
      dependencies: [
        "Reactions", "Projections", "Ledger", "Postgres", "PushCore", "TestSupport", hummingbird,
        httpTypes, lifecycle, logging, nioCore,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SimulatorsTests",
      dependencies: [
        "Simulators", "PushCore", asyncHTTPClient, crypto, cryptoExtras, jwtKit, logging, nioCore,
        nioPosix, nioHPACK, nioHTTP1, nioSSL, nioTLS, swiftASN1, x509,
      ],
      exclude: ["OtherClients"],
      swiftSettings: strict),
    .testTarget(
      name: "PushLedgerTests",
      dependencies: [
        "pushledger", "Ledger", "Postgres", "PushCore", "TestSupport", asyncHTTPClient, crypto,
        cryptoExtras, logging, nioCore, nioHTTP1,
      ],
      swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
  ]
)
