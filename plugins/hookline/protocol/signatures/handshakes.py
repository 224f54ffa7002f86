"""Handshakes that a source of any ``auth_type`` may name by its extra ``handshake``.

Each is harmless whoever asks: none keeps anything, and none computes with the Connection's secret.
"""

from __future__ import annotations

import re

from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.handshake import Handshake, Reply, reflected, single
from hookline.protocol.signatures.scheme import any_equal

_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z")


def _microsoft_graph(message: Message, _secrets: tuple[bytes, ...]) -> Reply | None:
    token = reflected(single(message, "validationToken"))
    return Reply(token) if token and not message.body.strip() else None


def _meta(message: Message, tokens: tuple[bytes, ...]) -> Reply | None:
    if message.method != "GET" or single(message, "hub.mode") != "subscribe":
        return None
    presented = (single(message, "hub.verify_token") or "").encode("utf-8", "surrogatepass")
    if not any_equal(presented, tokens):
        raise unauthenticated("`hub.verify_token` is not the Connection's `verify_token`.")
    challenge = reflected(single(message, "hub.challenge"))
    if challenge is None:
        raise unauthenticated("`hub.challenge` is missing, repeated, too long or not printable.")
    return Reply(challenge)


def _cloudevents(message: Message, _secrets: tuple[bytes, ...]) -> Reply | None:
    origin = message.headers.get("webhook-request-origin") or ""
    if message.method != "OPTIONS" or not _HOST.match(origin):
        return None
    return Reply(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})


MICROSOFT_GRAPH = Handshake(_microsoft_graph, signed=False)
"""https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation"""
META = Handshake(_meta, signed=False, methods=frozenset({"GET"}), secret_option="verify_token")  # noqa: S106
"""https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests"""
CLOUDEVENTS = Handshake(_cloudevents, signed=False, methods=frozenset({"OPTIONS"}))
"""https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection"""

HANDSHAKES = {"cloudevents": CLOUDEVENTS, "meta": META, "microsoft_graph": MICROSOFT_GRAPH}
