"""``api_key``: the secret itself, in a header or a query parameter of the source's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures.handshake import single
from hookline.protocol.signatures.scheme import (
    Credentials,
    Scheme,
    Verifier,
    any_equal,
    header_option,
    text_option,
)
from hookline.protocol.signatures.shell import SECRET, URL, Shell, Value, with_query

ESCAPED = "KEY=$(printf %s \"${SECRET}\" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g')"


@dataclass(frozen=True, slots=True)
class ApiKey(Verifier):
    """Compares one header or one query parameter with the Connection's password.

    :param parameter: name of the query parameter; the header is not read then.
    """

    credentials: Credentials
    header: str
    parameter: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return frozenset() if self.parameter else frozenset({self.header.lower()})

    @property
    def reads_query(self) -> frozenset[str]:
        """Names of the query parameters that carry the proof."""
        return frozenset({self.parameter} - {""})

    def verify(self, message: Message) -> None:
        """Accept the right key.

        :raises Rejected: the header or parameter is missing, repeated or wrong.
        """
        if self.parameter:
            name, kind = self.parameter, "query parameter"
            value = single(message, self.parameter)
            presented = None if value is None else value.encode("utf-8")
        else:
            name, kind = self.header, "header"
            value = message.headers.get(self.header)
            presented = None if value is None else value.encode("latin-1")
        if presented is None:
            raise unauthenticated(f"No single `{name}` {kind}.")
        if not any_equal(presented, self.credentials.encoded):
            raise unauthenticated(f"The key in `{name}` is wrong.")

    def sign(self, message: Message) -> Mapping[str, str]:  # noqa: ARG002
        """Return the key's header."""
        if self.parameter:
            raise ConfigurationError(f"The key stands in the query: add `?{self.parameter}=…` to the URL.")
        return {self.header: self.credentials.secrets[0]}

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return the key's header, or the query with the key, byte by byte as it may stand there."""
        if not self.parameter:
            return Shell(headers={self.header: (SECRET,)})
        return Shell((ESCAPED, with_query(URL, url, self.parameter, Value("KEY"))))


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> ApiKey:
    parameter = text_option(extra, "key_query", "")
    if parameter and text_option(extra, "api_key_header", ""):
        raise ConfigurationError(
            "The key stands in a header or in the query: drop `api_key_header` or `key_query`."
        )
    return ApiKey(credentials, header_option(extra, "api_key_header", "X-API-Key"), parameter)


SCHEME = Scheme(name="api_key", build=_build, options=frozenset({"api_key_header", "key_query"}))
