import PushCore

/// What Tencent calls the platforms of devices.
enum TencentPlatform {
  private static let names: [DevicePlatform: String] = [
    .ios: "iPhone", .ipad: "iPad", .android: "Android", .harmony: "Harmony", .web: "Web",
    .windows: "PC", .mac: "Mac", .linux: "Linux", .other: "Unknown",
  ]

  /// - Parameter platform: A ``PushCore/DevicePlatform`` in its stored form.
  static func name(_ platform: String) -> String {
    DevicePlatform(rawValue: platform).flatMap { names[$0] } ?? "Unknown"
  }
}
