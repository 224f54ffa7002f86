"""``gitlab``: a signing token (``whsec_``, Standard Webhooks) or a secret token sent as it is.

While both are set at GitLab, the signature counts where the Connection has a signing token. ``Push Hook``
is the type ``push``, by the body's ``object_kind``.

Source: https://docs.gitlab.com/user/project/integrations/webhooks/ and
https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hookline.protocol.locator import Locator
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.scheme import (
    Credentials,
    Scheme,
    Verifier,
    any_equal,
    seconds_option,
)
from hookline.protocol.signatures.shell import SECRET, Shell
from hookline.protocol.signatures.signed import Signed
from hookline.protocol.signatures.standard_webhooks import LAYOUT, key

TOKEN = "X-Gitlab-Token"  # noqa: S105  a header's name
ID = "Idempotency-Key"
SIGNING = "whsec_"


@dataclass(frozen=True, slots=True)
class GitLab(Verifier):
    """Verifies a signature or compares a token.

    :param first: the current secret, for signing our own requests.
    """

    first: str = field(repr=False)
    tokens: tuple[bytes, ...] = field(repr=False)
    signed: Signed | None

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return frozenset({TOKEN.lower(), LAYOUT.header})

    @property
    def covers_query(self) -> bool:
        """Whether everything that may be presented is worth as much with another query."""
        return self.signed is None

    @property
    def covers_headers(self) -> bool:
        """Whether nothing that may be presented is a signature."""
        return self.signed is None

    def verify(self, message: Message) -> None:
        """Accept the right signature, or the right token where the Connection has one."""
        if self.signed and (LAYOUT.header in message.headers or not self.tokens):
            self.signed.verify(message)
            # GitLab sends the same in both, and deduplication reads the unsigned one.
            if message.headers.get(ID) != message.headers.get(LAYOUT.id_header):
                raise unauthenticated(f"`{ID}` is not the signed `{LAYOUT.id_header}`.")
            return
        presented = message.headers.get(TOKEN)
        if presented is None:
            raise unauthenticated(f"No single `{TOKEN}` header.")
        if not any_equal(presented.encode("latin-1"), self.tokens):
            raise unauthenticated(f"The token in `{TOKEN}` is wrong.")

    def sign(self, message: Message) -> Mapping[str, str]:
        """Return the headers of the current secret."""
        if self.signed and self.first.startswith(SIGNING):
            made = self.signed.sign(message)
            return {ID: made[LAYOUT.id_header], **made}
        return {TOKEN: self.first}

    def shell(self, url: str, method: str) -> Shell:
        """Return the lines of the current secret."""
        if self.signed and self.first.startswith(SIGNING):
            made = self.signed.shell(url, method)
            return replace(made, headers={ID: made.headers[LAYOUT.id_header], **made.headers})
        return Shell(headers={TOKEN: (SECRET,)})


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> GitLab:
    layout = replace(LAYOUT, tolerance=seconds_option(extra, "timestamp_tolerance", LAYOUT.tolerance))
    keys = tuple(key(secret, layout) for secret in credentials.secrets if secret.startswith(SIGNING))
    pairs = zip(credentials.secrets, credentials.encoded, strict=True)
    tokens = tuple(encoded for secret, encoded in pairs if not secret.startswith(SIGNING))
    return GitLab(credentials.secrets[0], tokens, Signed(layout, keys) if keys else None)


SCHEME = Scheme(
    name="gitlab",
    build=_build,
    options=frozenset({"timestamp_tolerance"}),
    event_type=Locator("body", "object_kind || event_name"),
    event_id=Locator("header", ID),
)
