import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import PushCore

/// The stylesheet, the script and the icon that the executable carries.
enum Assets {
  struct Asset: Sendable {
    let name: String
    let type: String
    let bytes: [UInt8]
  }

  static let all = [
    Asset(
      name: "console.css", type: "text/css; charset=utf-8", bytes: PackageResources.console_css),
    Asset(
      name: "console.js", type: "text/javascript; charset=utf-8",
      bytes: PackageResources.console_js),
    Asset(name: "icon.svg", type: "image/svg+xml", bytes: PackageResources.icon_svg),
  ]

  /// Stands in their paths, so that a browser may keep them for good: the first 16 hexadecimal
  /// digits of a SHA-256 over all of them.
  static let version: String = {
    var hash = SHA256()
    for asset in all { hash.update(data: asset.bytes) }
    return String(Hex.encode(hash.finalize()).prefix(16))
  }()
}

struct AssetRoutes {
  /// Whether a request is for one: who asks does not matter.
  static func serves(_ request: Request) -> Bool {
    request.uri.path.hasPrefix(Console.path + "/assets/")
  }

  func add(to router: some RouterMethods<ConsoleContext>) {
    router.get("/console/assets/:version/:name") { _, context in
      guard context.parameters.get("version") == Assets.version,
        let asset = Assets.all.first(where: { $0.name == context.parameters.get("name") })
      else { throw Refusal.nothingHere }
      return Response(
        status: .ok,
        headers: [
          .contentType: asset.type, .cacheControl: "public, max-age=31536000, immutable",
        ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
  }
}
