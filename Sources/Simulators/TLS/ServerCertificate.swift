/// What a simulator shows a client that connects.
public enum ServerCertificate: Sendable {
  /// Made at the start, with a P-256 key, by an authority of its own, for `localhost`,
  /// `127.0.0.1`, `::1`, the configured host and these further DNS names.
  case selfSigned(names: [String])
  /// PEM: the chain, the server's certificate first, and its private key.
  case pem(chain: String, privateKey: String)
}
