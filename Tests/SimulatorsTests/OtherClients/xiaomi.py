"""Sends one push with xmpush, Xiaomi's own Python SDK 1.0.3 as repacked on PyPI (urllib, HTTP/1.1).

BASE_URL, TOKEN (several with commas), XIAOMI_APP_SECRET, XIAOMI_PACKAGE; optional CA_FILE, TITLE, BODY.
"""
import collections
import collections.abc
import logging
from urllib.parse import urlsplit

import common

common.trust_ca()
collections.Iterable = collections.abc.Iterable  # the SDK wants the name that Python 3.10 took away

from xmpush.APISender import APISender
from xmpush.base.APIConstants import Constants
from xmpush.base.APIError import APIError
from xmpush.base.APIMessage import PushMessage


class Sender(APISender):
    """Keeps the last error: the SDK retries every one and then says only -3, whatever the server said."""

    last = None

    def http_post(self, path, **fields):
        try:
            return super().http_post(path, **fields)
        except APIError as problem:
            self.last = problem
            raise


def send():
    logging.disable(logging.CRITICAL)
    place = urlsplit(common.base_url())
    Constants.host = place.netloc  # must be set before the first request
    Constants.http_protocol = place.scheme
    message = (
        PushMessage()
        .restricted_package_name(common.env("XIAOMI_PACKAGE"))
        .title(common.env("TITLE", "Title"))
        .description(common.env("BODY", "Body"))
        .payload('{"case":"sdk"}')
        .pass_through(0)
        .notify_type(1)
        .notify_id(1)
        .time_to_live(3600000)
        .extra({"notify_effect": "1", "jobkey": "sdk-1"})
        .message_dict()
    )
    sender = Sender(common.env("XIAOMI_APP_SECRET"))
    # A list of ids loses all but the last one in the SDK; commas are what the API wants.
    ids = common.env("TOKEN")
    try:
        answer = sender.send(message, ids, retry_times=1)
    except APIError as problem:
        said = sender.last or problem
        dead = str(said.error_code) == "66007" or "No valid targets" in f"{said.request} {said.error}"
        common.report(
            False,
            error=f"{said.error_code} {said.error} {said.request}".strip(),
            invalid_tokens=ids.split(",") if dead else [],
        )
    common.report(True, id=answer["data"]["id"])


common.run(send)
