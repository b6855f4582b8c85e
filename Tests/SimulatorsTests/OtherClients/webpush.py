"""Sends one web push with pywebpush (which encrypts with http-ece and signs with py-vapid).

SUBSCRIPTION (JSON, or the path of a JSON file, as a browser gives it), VAPID_KEY_FILE (PEM); optional BASE_URL (replaces scheme, host
and port of the endpoint), TOKEN (replaces the path), CA_FILE, VAPID_SUB, TTL (60), URGENCY, TOPIC, CONTENT_ENCODING (aes128gcm),
WEBPUSH_ASYNC=1 (aiohttp instead of requests), BODY.
"""
import asyncio
import json
import os
from urllib.parse import urlsplit

import common

common.trust_ca()

from pywebpush import WebPushException, webpush, webpush_async


def send():
    given = common.env("SUBSCRIPTION")
    if os.path.isfile(given):
        with open(given, encoding="utf-8") as file:
            given = file.read()
    subscription = json.loads(given)
    place = urlsplit(subscription["endpoint"])
    origin = os.environ.get("BASE_URL", f"{place.scheme}://{place.netloc}").rstrip("/")
    path = os.environ.get("TOKEN", place.path + (f"?{place.query}" if place.query else ""))
    subscription["endpoint"] = origin + "/" + path.lstrip("/")

    headers = {}
    if os.environ.get("URGENCY"):
        headers["Urgency"] = os.environ["URGENCY"]
    if os.environ.get("TOPIC"):
        headers["Topic"] = os.environ["TOPIC"]
    arguments = dict(
        data=common.env("BODY", '{"title":"Title","body":"Body"}'),
        vapid_private_key=common.env("VAPID_KEY_FILE"),
        vapid_claims={"sub": common.env("VAPID_SUB", "mailto:push@example.com")},
        content_encoding=common.env("CONTENT_ENCODING", "aes128gcm"),
        ttl=int(common.env("TTL", "60")),
        headers=headers,
    )
    try:
        if common.env("WEBPUSH_ASYNC", "") == "1":
            answer = asyncio.run(webpush_async(subscription, timeout=None, **arguments))
        else:
            answer = webpush(subscription, timeout=20, **arguments)
    except WebPushException as problem:
        gone = problem.status_code in (404, 410)
        common.report(
            False,
            error=problem.message,
            invalid_tokens=[subscription["endpoint"]] if gone else [],
            http_status=problem.status_code,
            retry_after=problem.retry_after,
        )
    common.report(True, id=answer.headers.get("Location"), http_status=getattr(answer, "status_code", None) or answer.status)


common.run(send)
