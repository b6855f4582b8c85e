"""Sends one push with pyhcm, a third party's small Huawei client (urllib, HTTP/1.1, sends "topic": null beside the token).

BASE_URL, TOKEN, HUAWEI_CLIENT_ID, HUAWEI_CLIENT_SECRET; optional CA_FILE, TOKEN_URL (default BASE_URL/oauth2/v3/token), TITLE, BODY.
"""
import common

common.trust_ca()

from pyhcm import HCMNotification


def send():
    base = common.base_url()
    client = HCMNotification(common.env("HUAWEI_CLIENT_ID"), common.env("HUAWEI_CLIENT_SECRET"))
    client.url_auth = common.env("TOKEN_URL", base + "/oauth2/v3/token")
    client.url_push = f"{base}/v1/{client.client_id}/messages:send"
    # The package says only whether the answer's "msg" was "success": no id and no code come out of it.
    ok = client.notify_single_device(common.env("TOKEN"), common.env("TITLE", "Title"), common.env("BODY", "Body"))
    common.report(ok, error=None if ok else "the answer's msg is not success")


common.run(send)
