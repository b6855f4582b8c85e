"""Sends one push with aioapns.

BASE_URL (https://host:port), TOKEN, APNS_KEY_FILE (.p8), APNS_KEY_ID, APNS_TEAM_ID, APNS_TOPIC; optional CA_FILE,
APNS_ALPN=h2 (aioapns itself offers no ALPN), APNS_ID, APNS_PUSH_TYPE (alert), APNS_PRIORITY, APNS_TTL, APNS_COLLAPSE_ID, TITLE, BODY.
"""
import asyncio
import logging
import ssl
from urllib.parse import urlsplit

import common

ca = common.trust_ca()

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol

DEAD = {"Unregistered", "ExpiredToken", "BadDeviceToken"}


async def push():
    place = urlsplit(common.base_url())
    APNsProductionClientProtocol.APNS_SERVER = place.hostname
    APNsProductionClientProtocol.APNS_PORT = place.port or 443
    tls = ssl.create_default_context(cafile=ca)
    alpn = common.env("APNS_ALPN", "")
    if alpn:
        tls.set_alpn_protocols([alpn])
    with open(common.env("APNS_KEY_FILE"), encoding="utf-8") as file:
        key = file.read()
    client = APNs(
        key=key,
        key_id=common.env("APNS_KEY_ID"),
        team_id=common.env("APNS_TEAM_ID"),
        topic=common.env("APNS_TOPIC"),
        ssl_context=tls,
        max_connection_attempts=2,
    )
    token = common.env("TOKEN")
    ttl = common.env("APNS_TTL", "")
    request = NotificationRequest(
        device_token=token,
        message={"aps": {"alert": {"title": common.env("TITLE", "Title"), "body": common.env("BODY", "Body")}}},
        notification_id=common.env("APNS_ID", "") or None,
        push_type=PushType(common.env("APNS_PUSH_TYPE", "alert")),
        priority=common.env("APNS_PRIORITY", "") or None,
        time_to_live=int(ttl) if ttl else None,
        collapse_key=common.env("APNS_COLLAPSE_ID", "") or None,
    )
    # aioapns waits for ever by itself
    answer = await asyncio.wait_for(client.send_notification(request), 20)
    client.pool.close()
    return token, answer


def send():
    logging.disable(logging.CRITICAL)
    token, answer = asyncio.run(push())
    dead = not answer.is_successful and answer.description in DEAD
    common.report(
        answer.is_successful,
        id=answer.notification_id,
        error=None if answer.is_successful else f"{answer.status} {answer.description}",
        invalid_tokens=[token] if dead else [],
        timestamp=answer.timestamp,
    )


common.run(send)
