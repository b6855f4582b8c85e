internal import PushCore

extension JSON {
  /// A token that is a text, as all are but a Web Push subscription.
  func textToken(_ field: String) throws(FieldError) -> String {
    guard let text = string else {
      throw FieldError(
        .wrongType, field, "is \(kind); a text is expected. Only webpush takes an object.")
    }
    return text
  }
}
