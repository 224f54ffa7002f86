"""``twilio``: HMAC-SHA1 of the URL and, of a form, its sorted fields; other bodies by ``bodySHA256``.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from hookline.exceptions import ConfigurationError
from hookline.protocol.message import Message
from hookline.protocol.problem import Rejected, unauthenticated
from hookline.protocol.signatures.handshake import single
from hookline.protocol.signatures.layout import Layout, Presented
from hookline.protocol.signatures.scheme import any_equal
from hookline.protocol.signatures.shell import BODY, URL, Shell, Value, digest, with_query
from hookline.protocol.signatures.signed import Signed, scheme

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
SHA256 = Value("SHA256")
_PORTS = {"https": ":443", "http": ":80"}


class Request(Signed):
    """Verifies what is signed in place of the body."""

    __slots__ = ()

    def content(self, message: Message, presented: Presented, url: str) -> tuple[bytes, ...]:  # noqa: ARG002
        """Return the URL and what the body says, as Twilio writes it."""
        presented_digest = single(message, "bodySHA256")
        if presented_digest is not None:
            actual = hashlib.sha256(message.body).hexdigest().encode("ascii")
            if not any_equal(presented_digest.encode("utf-8", "surrogatepass"), (actual,)):
                raise unauthenticated("`bodySHA256` is not the digest of this body.")
            return (url.encode("utf-8", "surrogatepass"),)
        return url.encode("utf-8", "surrogatepass"), _fields(message)

    def sign(self, message: Message) -> Mapping[str, str]:
        """Return the signature's header.

        :raises ConfigurationError: the body is no form, and the URL has not its digest.
        """
        try:
            return super().sign(message)
        except Rejected as rejected:
            raise ConfigurationError(f"Twilio could not have signed this: {rejected.reason}") from None

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return the lines that put the body's digest into the URL, and sign that."""
        known, address = self.address(url)
        digested = f"SHA256={digest((BODY,), 'sha256', 'hex')}"
        added = (with_query(one, url, "bodySHA256", SHA256) for one in dict.fromkeys((URL, address)))
        return self.in_shell((*known, digested, *added), (address,))


def _fields(message: Message) -> bytes:
    if not message.body:
        return b""
    if (message.headers.get("content-type") or "").partition(";")[0].strip().lower() != FORM:
        raise unauthenticated("Neither a form nor `bodySHA256` in the URL: nothing signs this body.")
    try:
        fields = parse_qsl(
            message.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise unauthenticated("The form has too many fields or is not UTF-8.") from None
    return "".join(name + value for name, value in sorted(set(fields))).encode("utf-8")


def _urls(url: str) -> tuple[str, ...]:
    # Twilio signs with and without the usual port, depending on the product.
    scheme_, _, rest = url.partition("://")
    try:
        port = urlsplit(url).port
    except ValueError:
        return (url,)
    host, slash, path = rest.partition("/")
    usual = _PORTS.get(scheme_, "")
    if port is None and usual:
        return url, f"{scheme_}://{host}{usual}{slash}{path}"
    bare = host.removesuffix(usual)
    return (url,) if bare == host else (f"{scheme_}://{bare}{slash}{path}", url)


SCHEME = scheme(
    "twilio",
    Layout(
        header="X-Twilio-Signature", algorithm="sha1", encoding="base64", content="{url}{body}", urls=_urls
    ),
    event_id="header:I-Twilio-Idempotency-Token",
    verifier=Request,
)
