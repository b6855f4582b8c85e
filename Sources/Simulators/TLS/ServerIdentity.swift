import Crypto
import Foundation
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// A server's certificate chain and key, and what a client must trust to believe them.
struct ServerIdentity {
  var chain: [NIOSSLCertificate]
  var privateKey: NIOSSLPrivateKey
  /// PEM.
  var authorityPEM: String

  private static let validity: TimeInterval = 365 * 86_400
  /// Clocks differ: the certificates are valid from so long ago.
  private static let clockSkew: TimeInterval = 86_400

  static func make(
    _ certificate: ServerCertificate, host: String
  ) throws(SimulatorError) -> ServerIdentity {
    do {
      switch certificate {
      case .pem(let chain, let privateKey):
        return ServerIdentity(
          chain: try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)),
          privateKey: try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem),
          authorityPEM: chain)
      case .selfSigned(let names): return try selfSigned(names: names, host: host)
      }
    } catch {
      throw .badCertificate(String(describing: error))
    }
  }

  private static func selfSigned(names: [String], host: String) throws -> ServerIdentity {
    let authorityKey = P256.Signing.PrivateKey()
    // A name of its own, so that a client can trust several in one file.
    let number = UInt32.random(in: .min ... .max)
    let authorityName = try DistinguishedName {
      CommonName("PushLedger simulator authority \(number)")
    }
    let serverKey = P256.Signing.PrivateKey()
    let authority = try issue(
      authorityKey.publicKey, subject: authorityName, issuer: authorityName,
      issuerKey: authorityKey
    ) {
      Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
      Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
    }
    let server = try issue(
      serverKey.publicKey, subject: try DistinguishedName { CommonName("localhost") },
      issuer: authorityName, issuerKey: authorityKey
    ) {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
      try ExtendedKeyUsage([.serverAuth])
      SubjectAlternativeNames(alternativeNames(names, host: host))
    }
    return ServerIdentity(
      chain: [try NIOSSLCertificate(bytes: Array(pem(server).utf8), format: .pem)],
      privateKey: try NIOSSLPrivateKey(
        bytes: Array(serverKey.pemRepresentation.utf8), format: .pem),
      authorityPEM: try pem(authority))
  }

  private static func issue(
    _ publicKey: P256.Signing.PublicKey, subject: DistinguishedName, issuer: DistinguishedName,
    issuerKey: P256.Signing.PrivateKey,
    @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
  ) throws -> Certificate {
    let now = Date()
    return try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(publicKey), notValidBefore: now - clockSkew,
      notValidAfter: now + validity, issuer: issuer,
      subject: subject, extensions: Certificate.Extensions(builder: extensions),
      issuerPrivateKey: Certificate.PrivateKey(issuerKey))
  }

  private static func alternativeNames(_ names: [String], host: String) -> [GeneralName] {
    let addresses = ["127.0.0.1", "::1", host].compactMap { text in
      (try? SocketAddress(ipAddress: text, port: 0)).flatMap(addressBytes)
    }
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    let dnsNames = ["localhost"] + (isAddress ? [] : [host]) + names
    return dnsNames.map { .dnsName($0) }
      + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
  }

  /// The 4 or 16 bytes, in network order, as they stand in `sockaddr_in` and `sockaddr_in6`.
  private static func addressBytes(_ address: SocketAddress) -> [UInt8]? {
    let place: Range<Int>? =
      switch address {
      case .v4: 4..<8
      case .v6: 8..<24
      case .unixDomainSocket: nil
      }
    return place.map { place in
      address.withSockAddr { start, count in
        Array(UnsafeRawBufferPointer(start: start, count: count)[place])
      }
    }
  }

  private static func pem(_ certificate: Certificate) throws -> String {
    try certificate.serializeAsPEM().pemString
  }
}
