"""``api_key``: the secret itself in a header of the source's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.scheme import Credentials, Scheme, any_equal, header_option


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Compares one header with the Connection's password."""

    covers_query: ClassVar[bool] = True
    credentials: Credentials
    header: str

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return frozenset({self.header.lower()})

    def verify(self, message: Message) -> None:
        """Accept the right key.

        :raises Rejected: the header is missing, repeated or wrong.
        """
        presented = message.headers.get(self.header)
        if presented is None:
            raise unauthenticated(f"No single `{self.header}` header.")
        if not any_equal(presented.encode("latin-1"), self.credentials.encoded):
            raise unauthenticated(f"The key in `{self.header}` is wrong.")

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return the key's header."""
        return {self.header: self.credentials.secrets[0]}


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> ApiKey:
    return ApiKey(credentials, header_option(extra, "api_key_header", "X-API-Key"))


SCHEME = Scheme(name="api_key", build=_build, options=frozenset({"api_key_header"}))
