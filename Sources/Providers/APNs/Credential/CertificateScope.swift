internal import PushCore
internal import SwiftASN1
internal import X509

/// What Apple wrote into a push certificate: which topics it may push to, and where.
/// Source: Apple, "Establishing a certificate-based connection to APNs".
struct CertificateScope: Equatable {
  /// Empty where the certificate names none.
  var topics: [String] = []
  /// Empty where the certificate says nothing of it.
  var environments: Set<PushEnvironment> = []

  private static let userID: ASN1ObjectIdentifier = [0, 9, 2_342, 19_200_300, 100, 1, 1]
  private static let sandbox: ASN1ObjectIdentifier = [1, 2, 840, 113_635, 100, 6, 3, 1]
  private static let production: ASN1ObjectIdentifier = [1, 2, 840, 113_635, 100, 6, 3, 2]
  private static let topicList: ASN1ObjectIdentifier = [1, 2, 840, 113_635, 100, 6, 3, 6]

  init() {}

  /// - Parameter certificate: DER. What can't be read counts as not said.
  init(certificate: [UInt8]) {
    guard let certificate = try? Certificate(derEncoded: certificate) else { return }
    for attribute in certificate.subject.flatMap({ Array($0) }) where attribute.type == Self.userID
    {
      if let topic = String(attribute.value) { topics.append(topic) }
    }
    if let list = certificate.extensions[oid: Self.topicList] {
      for topic in Self.topics(Array(list.value)) where !topics.contains(topic) {
        topics.append(topic)
      }
    }
    if certificate.extensions[oid: Self.sandbox] != nil { environments.insert(.sandbox) }
    if certificate.extensions[oid: Self.production] != nil { environments.insert(.production) }
  }

  /// A sequence in which each topic's name stands before the list of its kinds.
  private static func topics(_ der: [UInt8]) -> [String] {
    let topics = try? DER.sequence(try DER.parse(der), identifier: .sequence) { nodes in
      var topics: [String] = []
      while let node = nodes.next() {
        guard node.identifier == .utf8String else { continue }
        topics.append(String(decoding: try ASN1UTF8String(derEncoded: node).bytes, as: UTF8.self))
      }
      return topics
    }
    return topics ?? []
  }

  /// - Throws: ``FieldError`` for a topic or an environment that the certificate is not for.
  func check(topics wanted: [String], environment: PushEnvironment?) throws(FieldError) {
    if !topics.isEmpty {
      for (index, topic) in wanted.enumerated() where !topics.contains(topic) {
        throw FieldError(
          .unknownValue, "topics[\(index)]",
          "is \(topic), but the certificate is for \(topics.joined(separator: ", ")).")
      }
    }
    guard !environments.isEmpty, environments.count < PushEnvironment.allCases.count else { return }
    let only = environments.map(\.rawValue).joined()
    guard let environment else {
      throw FieldError(
        .missing, "environment", "is missing: the certificate is for \(only) only, so say \(only).")
    }
    guard environments.contains(environment) else {
      throw FieldError(
        .unknownValue, "environment",
        "is \(environment.rawValue), but the certificate is for \(only).")
    }
  }
}
