/// RSA keys of 2,048 bits that were made for these tests and open nothing: making one takes longer
/// than a test should.
enum RSATestKeys {
  /// PKCS#8, as Google gives keys out.
  static let first = pem(
    """
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDJEnxbexWWkCke
    75nuANv1rO/MDVYEB7OnTXtO+bmXcCgEIb2ziBQ0UoY/HNlLXXr23wIpTWGF9hUw
    x6qudXqXEpAa3dVhDGkKPeNWwkHzYhSzE7J7i0lLtzm3YAls9vUKNlONg7KzLbmu
    H8egs8+ErFdKy/FdcXoqJ99c7OcrLUya3BQ+T3UoXainUhUfmn4LQx4H60DwhIpS
    Ch0uaqWyS3NyqTwb46U+TKnDEXDwDyqNtB6Ms/3ruh3UMTjfIxW5+NKl9dlH+btA
    xK723YC4WYNoVu48BOJAuPcSpsII8RTopPb6YLevMt6SDLaYkVV1ypjWhHUm/gKB
    nFisPP7ZAgMBAAECggEAExced/gIbW5b/RwuDu8Fcz6bWNIGUeUiTTbZx36FvKdR
    IU1Ly8UWd/5C0TCtv85NC63SMHYwlW2vBt3aKmysejXwuSBJL0jkmyyTjkvsw40T
    Hop29mxbxeTMRckINBCBZNoSFjxEBeeIOsw5IZyYzgWn1wnkbWUF/oUhG5tBenOM
    Dibf/Aeov0Bvf9+AHYKYrgmGR6t4hhbZgOYdKOaSGuEg37fCTr4onbXlh0EeznUr
    RWj0wwzIjqzt5cwnrjQTrLmnHuNJJ0b+62R6x/50KsZqAHrvGr1AAqwDAHuqaI0H
    qoL6eh50dBVs2ZZj5M8OzX59Q0hFqF26qUmD8jACQQKBgQD5MM0SpACL7xqKIC8y
    ky5xgaftusJEBlKGt/3D6Mb1mPcjV45roQwbwWzT83ue11bqSxRF7fIEbFNqWqAl
    x4HDj9gBR6+kiqwZ1gxuQFkoP+SAvAPsyL4kq1MCMYhqZy7au+4wghTJ3qMwVZhz
    Bwe5Dyp/S+G3p4wulsgXn1H14QKBgQDOkRM1Hgfob3Mp3tzcUKIPvbxgtULmXb1P
    HoM1Hge0myqAZKRNRpo4PyZIPjY2gIYRb8eIEALnUxdQMtR6O4bfCPGFOMbLtby1
    KOACkWrMtbHRdefIzMxpwjOkZ447+Z8VHRrLJ/qGc9ID/14zsycxbYPa5AGmB9ES
    bDHqhOG3+QKBgFWkjBan/vgZCUoHnbEIHKIuKYTu9u1iLuLWQYUfb6HhHK8s3Gnp
    Q7wWUkzWFdqVr+1+OE2AZflXMaQP2ZKiatrHiTmHZbprXpLSmhsaSoomy2XjOIYc
    yBzaNQE//N508AmFJWvOiU6IEhX+lRKTi/fyWmy9q6nvD6LDd6mGvCiBAoGBAIjG
    8SPz3aKf4W6xHidX0OeBZ/HVNBYbrdVsy85pMwr4z3yyp0Rv4oAp+GxPnVAbbCqx
    jDpg97s6fq5g6eaB8f1PC7V98cxDa0+9YA7zQPeJu9OJMc/5I8VHjTBoTXsS/65Y
    Vjx9HVrX6BEzj6nGD8af0HYpEZphhKOhNrAmCtvpAoGAZwBV7ZlkEljNvzHwmG0f
    kGgKJVdvnU27eURDZ4OIs+vcTYcrrDDJC23duGLSg82PjNSx8fZ+6lOlk33dFqs+
    FgBIc8906a/8iM5P0F38iKmlfpENGaTqVJvlspI1Wm09zMR46yme22iwwn7JiuQl
    naVwhjZvXazs/36BGtlcEok=
    """)

  static let second = pem(
    """
    MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDQBxerWMs1VLcF
    NI8EOVALR0ob3tybG+NFdAQyaS5hHdkHH+LbWtAY+BmvDuFZ68h80496n6uO1Wli
    SbeqhFESng5LodPitYBZSm7prAavbps86mT3XUWoxMLrrOGedYgtsbn9SWBp5b83
    T3CuuseHO2ssAGVMecM7JCnwQM/vtwrfRULDfoeN7BaTAwWHoBO1EgCRyMPPUJmA
    PVn9plFWXXs37PzRm1vYZPrf1f1GGOuW4XGqaejps2kEXStVmNNHYHtMRwRINMHN
    7GjshbxymVK+tgp57iFrpsa/HEP6OzwllNUbDTWCqoyvoHmddO4Ro+vPNvAbTJkI
    0KrnqSQ9AgMBAAECggEAKgHko7Mwhbpvott0LdQs97oTmwEr5x6AjFvbJRrcRLw0
    QR4NP2JdN02SUildFD1qpNpL1OU9TYCG4VQlhIdnn6zPEjLBiLxCCMXhE8qrJu3c
    5zYl4VWyZVwmSFUG0mrFbwS+nAkfMQM108N067PH6uTyxVXnHsRPyjeJSHyuAKfG
    O52R65t/orUX3mLGmFI0SxpaZMmC81Bi2pAW/xiGZc8Jj3BfGMqzBf43yrE9adlU
    4UDQ3DqLCqDv1CQ6cuGbFr2Ilcc/9vhAe7z4Zu3b1BmRKrWmJxa9xPAy3Bq9rU2U
    GC2AVSQNW2NZ/PWrNAm6DP1FW1GlxKis4V019EqVOQKBgQD7mRfXBdWg+J8zdp5Z
    tC1t3ju28vCb62cYkvDX1rteEDVG2da7R3bjZQNDzFmcRjJstme+V9LLh6gZD82R
    5buQDLRLcyx87n/MIqsp0Qny38lkdNzYtDBHLLKWP0O3Oq7ndzD3lTXnt77LqbfR
    1CeqwrJ5FKx9bzH//pCbZgKwnwKBgQDTqtkW6dpb4cXapfTED/DWQGecPIoWir+j
    xEVl9syDMBO2RfxJLWklS9tkzq2ggS6Yq6v+M+wMr4mBJVh+8+f61jnWaghtdrgG
    ztvNowDcONXJc7F7zrMyWF9l/9WTNVRcTrjQlqm4MjRsLHzUAz0g0sReo1jeBrQB
    a4yjRDPxowKBgE4weq8xOf3HpjopH/cCvqeJTAeEInBiTOzfJYf+TMZjxRrashgL
    kpACoWwdgq/FRQByA3Ws926XHw+C0MEJoyuWNyXHikjdGcxH7eeV9kCLeZwFkWir
    PuGvq2R0DshPrXFzoj0fGtyDRwEmImFMTHOOBEcKvLxSpThIVYplvmpDAoGBAJLl
    8FHprES2NOUg5fUoBwH6oq2YilFIq+WRMoSoOpkVRajre0KiBGYA9ltI4NEStm74
    PZ5nFHxdWvXJIFjDF41LHcrDveOST/dRmtRlOxSbUSvFYjjFZDIdiN+2JNhMW6bQ
    b4078r/GAAHPAjb1pHfiLqxreyJjzotpw6oPjGk3AoGBAMrD5YwVDIq8YuMZV3V4
    T80JGg/rCKnoNOruYu9LDM9piX1oTursZ4zyC4XVbA94wu1eJjHGJNfJSXCsYrmC
    UhLuwzOzzYAeXxj+9EBaUM45q+A78OiGFS60Rs+bTt5HAefX956IgeI2HONogN9I
    x+H8JQJvenRAu1TCRMtCqOcV
    """)

  private static func pem(_ base64: String) -> String {
    "-----BEGIN PRIVATE KEY-----\n\(base64)\n-----END PRIVATE KEY-----\n"
  }
}
