import Testing

/// The modules of the project and what each may import of them: docs/architecture.md, topmost first.
private let order: [(module: String, mayImport: Set<String>)] = [
  (
    "pushledger",
    [
      "API", "Console", "PushDispatch", "Reactions", "Projections", "Providers", "Simulators",
      "Ledger",
      "Postgres", "LedgerSQL", "PushCore", "CAllocator",
    ]
  ),
  ("API", ["Projections", "Providers", "Ledger", "Postgres", "PushCore", "CZlib"]),
  ("Console", ["Projections", "Ledger", "Postgres", "PushCore"]),
  ("PushDispatch", ["Providers", "Ledger", "Postgres", "PushCore"]),
  ("Reactions", ["Projections", "Ledger", "Postgres", "PushCore"]),
  ("Projections", ["Ledger", "Postgres", "PushCore"]),
  ("Providers", ["PushCore"]),
  ("Simulators", ["PushCore"]),
  ("Ledger", ["Postgres", "LedgerSQL", "PushCore", "CZlib"]),
  ("Postgres", ["CLibPQ"]),
  ("LedgerSQL", []),
  ("PushCore", []),
  ("CLibPQ", []),
  ("CZlib", []),
  ("CAllocator", []),
]

/// All that these may import, of packages and of the system.
private let closed: [String: Set<String>] = [
  "Postgres": [
    "CLibPQ", "Logging", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization",
  ],
  "LedgerSQL": [],
  "PushCore": ["Foundation", "FoundationEssentials", "Crypto"],
]

/// Part of every toolchain: Package.swift does not name them.
private let system: Set<String> = [
  "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization",
]

@Suite struct ImportModules {
  private let project = Set(order.map(\.module))
  private let allowed = Dictionary(uniqueKeysWithValues: order.map { ($0.module, $0.mayImport) })

  @Test func hasAPlaceForEveryModule() throws {
    let manifest = try Manifest()
    let targets = Set(manifest.dependencies.keys.filter { !$0.hasSuffix("Tests") })
    #expect(targets.subtracting(["TestSupport"]) == project)
    for (index, entry) in order.enumerated() {
      let below = order[(index + 1)...].map(\.module)
      #expect(entry.mayImport.isSubset(of: below), "\(entry.module) points up")
    }
  }

  @Test func dependsOnlyOnWhatStandsBelow() throws {
    for (target, dependencies) in try Manifest().dependencies {
      guard let allowed = allowed[target] else { continue }
      #expect(dependencies.intersection(project).subtracting(allowed) == [], "\(target)")
      if let closed = closed[target] {
        #expect(dependencies.subtracting(closed) == [], "\(target)")
      }
    }
  }

  @Test func importsOnlyWhatStandsBelow() throws {
    let manifest = try Manifest()
    var checked = 0
    for file in SourceTree.swift {
      guard let module = manifest.module(of: file), let allowed = allowed[module] else { continue }
      let imports = file.imports
      checked += 1
      #expect(imports.intersection(project).subtracting(allowed) == [], "\(file)")
      if let closed = closed[module] { #expect(imports.subtracting(closed) == [], "\(file)") }
    }
    #expect(checked > 0)
  }

  @Test func declaresWhatItImports() throws {
    let manifest = try Manifest()
    for file in SourceTree.swift {
      guard let module = manifest.module(of: file) else { continue }
      let declared = manifest.dependencies[module, default: []]
      #expect(file.imports.subtracting(declared).subtracting(system) == [], "\(file)")
    }
  }

  /// Time, randomness and identifiers are passed in, and nothing is read or written.
  @Test func leavesTheWorldOutOfPushCore() {
    let world =
      /\b(Date\(\)|Date\.now|\.now\b|Clock\(\)|clock_gettime|UUID\(\)|\.random\(|FileManager|FileHandle|ProcessInfo|print\()/
    for file in SourceTree.swift where file.path.hasPrefix("Sources/PushCore/") {
      let found = file.code.compactMap { $0.firstMatch(of: world).map { String($0.output.0) } }
      #expect(found == [], "\(file)")
    }
  }
}
