"""Reads an encrypted web push body with http-ece: the browser's part, to check what our own sender wrote.

BODY_FILE (the raw body), UA_PRIVATE (base64url, 32 bytes), UA_AUTH (base64url, 16 bytes); prints the plaintext as "plaintext".
With ENCRYPT=1 it goes the other way: encrypts PLAINTEXT for UA_PUBLIC (base64url, 65 bytes) and writes BODY_FILE.
"""
import base64
import os

import common

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def send():
    auth = unpack(common.env("UA_AUTH"))
    if os.environ.get("ENCRYPT") == "1":
        body = http_ece.encrypt(
            common.env("PLAINTEXT").encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=unpack(common.env("UA_PUBLIC")),
            auth_secret=auth,
            version="aes128gcm",
        )
        with open(common.env("BODY_FILE"), "wb") as file:
            file.write(body)
        common.report(True, length=len(body))
    with open(common.env("BODY_FILE"), "rb") as file:
        body = file.read()
    secret = int.from_bytes(unpack(common.env("UA_PRIVATE")), "big")
    private = ec.derive_private_key(secret, ec.SECP256R1())
    text = http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm")
    common.report(True, plaintext=text.decode())


common.run(send)
