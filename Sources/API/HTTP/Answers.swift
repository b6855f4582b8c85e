import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PushCore

extension Response {
  static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
    bytes(json.serialized(), type: "application/json", status: status)
  }

  static func bytes(
    _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
