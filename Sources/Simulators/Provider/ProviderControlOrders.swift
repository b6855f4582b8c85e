import PushCore

/// What `POST /fates` asks for.
struct FateOrder {
  var token: String
  var fate: String
  var times: Int?

  static func read(_ body: [UInt8]) throws(FieldError) -> [FateOrder] {
    var orders: [FateOrder] = []
    for fields in try ControlInput.objects(body) {
      try fields.refuse(otherThan: ["token", "fate", "times"])
      func text(_ key: String) throws(FieldError) -> String {
        try fields.required(key) { key throws(FieldError) in try fields.string(key) }
      }
      orders.append(
        FateOrder(token: try text("token"), fate: try text("fate"), times: try fields.times()))
    }
    return orders
  }
}

// MARK: - Faults

extension SimulatedFault {
  enum Kind: String, CaseIterable {
    case answer, silence, close, reset, goaway, delay

    /// The fields it takes, besides those that all take.
    var fields: Set<String> {
      switch self {
      case .answer: ["status", "headers", "body"]
      case .silence, .close: ["accepted"]
      case .reset: ["code"]
      case .goaway: []
      case .delay: ["milliseconds"]
      }
    }

    static let commonFields: Set<String> = ["kind", "path", "after", "times"]
  }

  /// What `POST /faults` asks for.
  static func read(_ body: [UInt8]) throws(FieldError) -> [SimulatedFault] {
    var faults: [SimulatedFault] = []
    for fields in try ControlInput.objects(body) {
      let kind: Kind = try fields.requiredChoice("kind")
      try fields.refuse(otherThan: kind.fields.union(Kind.commonFields))
      // As in Swift, a fault is for one request where nothing else is said; null is for all.
      let times = fields.holds("times") ? try fields.times() : 1
      faults.append(
        SimulatedFault(
          try effect(kind, fields), path: try fields.string("path") ?? "",
          after: Int(try fields.integer("after") ?? 0), times: times))
    }
    return faults
  }

  private static func effect(_ kind: Kind, _ fields: Fields) throws(FieldError) -> Effect {
    switch kind {
    case .answer: .answer(try answer(fields))
    case .silence: .silence(accepted: try fields.bool("accepted") ?? true)
    case .close: .close(accepted: try fields.bool("accepted") ?? false)
    case .reset:
      .reset(
        code: UInt32(
          try fields.required("code") { key throws(FieldError) in
            try fields.integer(key, in: 0...Int64(UInt32.max))
          }))
    case .goaway: .goAway
    case .delay:
      .delay(
        .milliseconds(
          try fields.required("milliseconds") { key throws(FieldError) in
            try fields.integer(key)
          }))
    }
  }

  private static func answer(_ fields: Fields) throws(FieldError) -> SimulatedAnswer {
    let status = Int(
      try fields.required("status") { key throws(FieldError) in
        try fields.integer(key, in: 200...599)
      })
    var headers: [(String, String)] = []
    if let given = try fields.object("headers") {
      for member in given.members {
        headers.append(
          (
            member.key.lowercased(),
            try given.required(member.key) { key throws(FieldError) in try given.string(key) }
          ))
      }
    }
    guard let body = fields["body"] else {
      return SimulatedAnswer(status: status, headers: headers)
    }
    if let text = body.string {
      return SimulatedAnswer(status: status, headers: headers, body: Array(text.utf8))
    }
    return .json(body, status: status, headers: headers)
  }
}

extension Fields {
  fileprivate func times() throws(FieldError) -> Int? {
    try integer("times", in: 1...Int64(Int32.max)).map { Int($0) }
  }
}
