extension String {
  /// A host as an address of the web names it: one of IPv6 stands in brackets (RFC 3986, 3.2.2).
  var asURLHost: String { contains(":") && !hasPrefix("[") ? "[\(self)]" : self }
}
