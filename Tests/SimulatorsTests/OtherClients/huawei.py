"""Sends one push with hpa, Huawei's Push Kit admin code as a package.

BASE_URL, TOKEN (several with commas), HUAWEI_CLIENT_ID, HUAWEI_CLIENT_SECRET; optional CA_FILE, TOKEN_URL (default
BASE_URL/oauth2/v3/token; the package's own default is .../oauth2/v2/token), HUAWEI_VALIDATE_ONLY=1, TITLE, BODY.
"""
import json
import types
import warnings

import common

ca = common.trust_ca()
warnings.filterwarnings("ignore")  # "is not 200" in the package is a SyntaxWarning

import hpa
import hpa._http
import requests
from hpa import messaging

if ca:
    # The package switches certificate checks off; the simulator's certificate is to be checked all the same.
    def post(url, **options):
        options["verify"] = ca
        return requests.post(url, **options)

    hpa._http.requests = types.SimpleNamespace(post=post)


def send():
    base = common.base_url()
    client = common.env("HUAWEI_CLIENT_ID")
    hpa.initialize_app(
        client,
        common.env("HUAWEI_CLIENT_SECRET"),
        token_server=common.env("TOKEN_URL", base + "/oauth2/v3/token"),
        push_open_url=base,
    )
    tokens = common.env("TOKEN").split(",")
    title, body = common.env("TITLE", "Title"), common.env("BODY", "Body")
    message = messaging.Message(
        notification=messaging.Notification(title=title, body=body),
        android=messaging.AndroidConfig(
            collapse_key=-1,
            ttl="3600s",
            bi_tag="sdk",
            notification=messaging.AndroidNotification(
                title=title,
                body=body,
                importance="NORMAL",
                click_action=messaging.AndroidClickAction(action_type=3),
                badge=messaging.AndroidBadgeNotification(add_num=1, clazz="com.example.Main"),
            ),
        ),
        token=tokens,
    )
    answer = messaging.send_message(message, validate_only=common.env("HUAWEI_VALIDATE_ONLY", "") == "1", app_id=client)
    code = str(answer.code)
    invalid = []
    if code == "80100000":
        invalid = json.loads(answer.reason).get("illegal_tokens", [])
    elif code == "80300007":
        invalid = tokens
    ok = code == "80000000"
    common.report(ok, id=answer.requestId, error=None if ok else f"{code} {answer.reason}", invalid_tokens=invalid)


common.run(send)
