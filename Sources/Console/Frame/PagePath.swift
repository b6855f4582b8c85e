import Foundation

/// Addresses within the console.
enum PagePath {
  private static let plain = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

  /// As one segment of a path, or one value of a query.
  static func encode(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }

  /// An address with a query; values that are nil are left out.
  static func make(_ path: String, _ query: KeyValuePairs<String, String?> = [:]) -> String {
    let pairs = query.compactMap { name, value in value.map { "\(name)=\(encode($0))" } }
    return Console.path + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  static func message(_ id: String) -> String { make("/messages/" + encode(id)) }
  static func user(_ id: String) -> String { make("/users/" + encode(id)) }
  static func group(_ id: String) -> String { make("/groups/" + encode(id)) }
}
