import Crypto
import Foundation
import SwiftASN1
import X509

/// A push certificate as Apple's developer site gives out, made and signed by itself.
struct PushCertificate: Sendable {
  /// Certificate only.
  let certificatePEM: String
  let keyPEM: String

  var pem: String { certificatePEM + "\n" + keyPEM }

  /// - Parameters:
  ///   - topic: In the subject's UID, as Apple writes it.
  ///   - topics: In the extension for several topics; empty: none.
  ///   - environments: The last number of each environment's extension: 1 sandbox, 2 production.
  init(topic: String?, topics: [String] = [], environments: [UInt] = []) throws {
    let key = P256.Signing.PrivateKey()
    var attributes = [
      RelativeDistinguishedName.Attribute(
        type: .RDNAttributeType.commonName, utf8String: "Apple Push Services: test")
    ]
    if let topic {
      attributes.append(
        RelativeDistinguishedName.Attribute(
          type: [0, 9, 2_342, 19_200_300, 100, 1, 1], utf8String: topic))
    }
    let subject = try DistinguishedName(attributes)
    var extensions = try environments.map { environment in
      Certificate.Extension(
        oid: try ASN1ObjectIdentifier(elements: [1, 2, 840, 113_635, 100, 6, 3, environment]),
        critical: false, value: [5, 0])
    }
    if !topics.isEmpty {
      var list = DER.Serializer()
      try list.appendConstructedNode(identifier: .sequence) { list in
        for topic in topics {
          try list.serialize(ASN1UTF8String(topic))
          try list.appendConstructedNode(identifier: .sequence) {
            try $0.serialize(ASN1UTF8String("app"))
          }
        }
      }
      extensions.append(
        Certificate.Extension(
          oid: [1, 2, 840, 113_635, 100, 6, 3, 6], critical: false,
          value: list.serializedBytes[...]))
    }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date(timeIntervalSince1970: 1_700_000_000),
      notValidAfter: Date(timeIntervalSince1970: 4_000_000_000), issuer: subject, subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions(extensions),
      issuerPrivateKey: Certificate.PrivateKey(key))
    certificatePEM = try certificate.serializeAsPEM().pemString
    keyPEM = key.pemRepresentation
  }
}
