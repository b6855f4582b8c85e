/// Values of one name, as Prometheus takes them.
public struct MetricFamily: Sendable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  public struct Sample: Sendable {
    /// Added to the family's name: `_bucket`, `_sum`, `_count`, or nothing.
    public var suffix: String
    /// From a bounded set: never an id that a client chooses.
    public var labels: [(name: String, value: String)]
    public var value: Double

    public init(_ value: Double, labels: [(name: String, value: String)] = [], suffix: String = "")
    {
      self.suffix = suffix
      self.labels = labels
      self.value = value
    }
  }

  /// In lower case with underscores; the unit ends it.
  public var name: String
  public var help: String
  public var kind: Kind
  public var samples: [Sample]

  public init(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// A family of one value without labels.
  public init(_ name: String, _ kind: Kind, help: String, value: Double) {
    self.init(name, kind, help: help, samples: [Sample(value)])
  }
}

extension MetricFamily {
  /// The text format, version 0.0.4.
  static func text(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families {
      text +=
        "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n"
      for sample in family.samples {
        text += family.name + sample.suffix
        if !sample.labels.isEmpty {
          let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
          text += "{\(labels.joined(separator: ","))}"
        }
        text += " \(written(sample.value))\n"
      }
    }
    return text
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func written(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    return value == .infinity ? "+Inf" : String(value)
  }
}
