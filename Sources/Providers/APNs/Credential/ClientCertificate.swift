internal import NIOSSL
internal import PushCore

/// A TLS client certificate for APNs, with its chain and private key.
struct ClientCertificate: Sendable {
  let chain: [NIOSSLCertificate]
  let privateKey: NIOSSLPrivateKey
  let expiresAt: Timestamp
  let scope: CertificateScope

  init(pem: SecretText) throws(FieldError) {
    let bytes = Array(pem.reveal().utf8)
    do {
      chain = try NIOSSLCertificate.fromPEMBytes(bytes)
    } catch {
      throw FieldError(.badFormat, "secret", "holds a certificate that can't be read.")
    }
    guard let leaf = chain.first else {
      throw FieldError(.badFormat, "secret", "holds no certificate.")
    }
    expiresAt = Timestamp(microseconds: Int64(leaf.notValidAfter) * 1_000_000)
    scope = CertificateScope(certificate: (try? leaf.toDERBytes()) ?? [])
    let blocks = PEMBlocks(pem)
    guard blocks.labels.contains(where: { $0.hasSuffix("PRIVATE KEY") }) else {
      throw FieldError(
        .missing, "secret", "holds a certificate without its private key; add the key's PEM block.")
    }
    if blocks.hold(label: "ENCRYPTED PRIVATE KEY") {
      throw FieldError(.badFormat, "secret", "holds an encrypted key; give it without passphrase.")
    }
    do {
      privateKey = try NIOSSLPrivateKey(bytes: bytes, format: .pem)
    } catch {
      throw FieldError(.badFormat, "secret", "holds a private key that can't be read.")
    }
  }

  /// Whether the certificate is that of the private key.
  func check() throws(FieldError) {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates([])
    apply(to: &configuration)
    do {
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw FieldError(
        .badFormat, "secret", "holds a certificate and a private key that don't belong together.")
    }
  }

  func apply(to configuration: inout TLSConfiguration) {
    configuration.certificateChain = chain.map { .certificate($0) }
    configuration.privateKey = .privateKey(privateKey)
  }
}
