"""Sends one message with Google's firebase-admin.

BASE_URL, TOKEN, SERVICE_ACCOUNT (path of a service-account JSON file); optional CA_FILE, TOKEN_URL (default BASE_URL/token),
FCM_MODE send (HTTP/1.1, default) | each (HTTP/1.1) | async (HTTP/2), FCM_VALIDATE_ONLY=1, FCM_TARGET
token (default) | fid, TITLE, BODY. On 429 and 503 the SDK itself waits for Retry-After and tries again, up to four times, when it uses HTTP/1.1.
"""
import asyncio
import json
import warnings

import common

common.trust_ca()
warnings.simplefilter("ignore", DeprecationWarning)  # Message.token: Google would rather have fid

import firebase_admin
from firebase_admin import credentials, messaging


def outcome(message_id, problem, token):
    if problem is None:
        common.report(True, id=message_id)
    gone = isinstance(problem, messaging.UnregisteredError)
    common.report(
        False,
        error=f"{type(problem).__name__} {problem.code}: {problem}",
        invalid_tokens=[token] if gone else [],
        http_status=problem.http_response.status_code if problem.http_response is not None else None,
    )


def send():
    base = common.base_url()
    with open(common.env("SERVICE_ACCOUNT"), encoding="utf-8") as file:
        account = json.load(file)
    account["token_uri"] = common.env("TOKEN_URL", base + "/token")
    messaging._MessagingService.FCM_URL = base + "/v1/projects/{0}/messages:send"
    firebase_admin.initialize_app(credentials.Certificate(account), {"httpTimeout": 20})

    token = common.env("TOKEN")
    message = messaging.Message(
        **{common.env("FCM_TARGET", "token"): token},
        notification=messaging.Notification(title=common.env("TITLE", "Title"), body=common.env("BODY", "Body")),
        data={"case": "sdk"},
        android=messaging.AndroidConfig(priority="high", ttl=3600, notification=messaging.AndroidNotification(channel_id="chat", tag="t1")),
    )
    dry_run = common.env("FCM_VALIDATE_ONLY", "") == "1"
    mode = common.env("FCM_MODE", "send")
    if mode == "send":
        try:
            message_id = messaging.send(message, dry_run=dry_run)
        except firebase_admin.exceptions.FirebaseError as problem:
            outcome(None, problem, token)
        outcome(message_id, None, token)
    if mode == "each":
        batch = messaging.send_each([message], dry_run=dry_run)
    else:
        batch = asyncio.run(messaging.send_each_async([message], dry_run=dry_run))
    answer = batch.responses[0]
    outcome(answer.message_id, answer.exception, token)


common.run(send)
