"""``bitbucket``: HMAC-SHA256 of the body. ``repo:push`` runs ``bitbucket.repo.push``.

Source: https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/#Secure-webhooks and
https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#HTTP-headers; the ping is Data Center's:
https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from __future__ import annotations

from hookline.protocol.signatures.layout import Layout
from hookline.protocol.signatures.signed import scheme

SCHEME = scheme(
    "bitbucket",
    Layout(header="X-Hub-Signature", prefix="sha256="),
    event_type="header:X-Event-Key",
    event_id="header:X-Request-UUID",
    separator=":",
    pings=frozenset({"diagnostics:ping"}),
)
