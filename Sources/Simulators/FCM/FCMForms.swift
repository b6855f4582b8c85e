/// What `messages:send` takes.
/// Source: Google, "REST Resource: projects.messages".
extension FCMForm {
  static let request = fields(["validate_only": .flag, "message": message])

  private static let message = fields([
    "name": .text, "token": .text, "fid": .text, "topic": .text, "condition": .text,
    "data": .textMap, "notification": notification, "android": android, "android_v2": .free,
    "webpush": webPush, "apns": apns, "fcm_options": options,
  ])

  private static let notification = fields(["title": .text, "body": .text, "image": .text])

  private static let options = fields(["analytics_label": .text])

  private static let android = fields([
    "collapse_key": .text, "priority": .choice(["NORMAL", "HIGH"]), "ttl": .duration,
    "restricted_package_name": .text, "data": .textMap, "notification": androidNotification,
    "fcm_options": options, "direct_boot_ok": .flag, "bandwidth_constrained_ok": .flag,
    "restricted_satellite_ok": .flag,
  ])

  private static let androidNotification = fields([
    "title": .text, "body": .text, "icon": .text, "color": .text, "sound": .text, "tag": .text,
    "click_action": .text, "body_loc_key": .text, "body_loc_args": .list(.text),
    "title_loc_key": .text, "title_loc_args": .list(.text), "channel_id": .text,
    "ticker": .text, "sticky": .flag, "event_time": .time, "local_only": .flag,
    "notification_priority": .choice([
      "PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH",
      "PRIORITY_MAX",
    ]),
    "default_sound": .flag, "default_vibrate_timings": .flag, "default_light_settings": .flag,
    "vibrate_timings": .list(.duration),
    "visibility": .choice(["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"]),
    "notification_count": .whole, "light_settings": lightSettings, "image": .text,
    "proxy": .choice(["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"]),
    "bypass_proxy_notification": .flag,
  ])

  private static let lightSettings = fields([
    "color": fields(["red": .number, "green": .number, "blue": .number, "alpha": .number]),
    "light_on_duration": .duration, "light_off_duration": .duration,
  ])

  private static let apns = fields([
    "headers": .textMap, "payload": .free,
    "fcm_options": fields(["analytics_label": .text, "image": .text]),
    "live_activity_token": .text,
  ])

  private static let webPush = fields([
    "headers": .textMap, "data": .textMap, "notification": .free,
    "fcm_options": fields(["link": .text, "analytics_label": .text]),
  ])
}
