"""Requests of vendors, as ``tests/vectors/webhooks`` has them: one file for each scheme."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hookline.protocol.message import Headers, Message
from hookline.protocol.signatures.scheme import Verifier
from hookline.protocol.source import Source, parse

FOLDER = Path(__file__).parents[2] / "vectors" / "webhooks"


@dataclass(frozen=True)
class Webhook:
    """One recorded request of one vendor.

    :param vendor: name of the vector file.
    :param file: what the file says of all its requests.
    :param case: what it says of this one.
    """

    vendor: str
    file: Mapping[str, Any]
    case: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.case['name']}"

    @property
    def tolerance(self) -> int | None:
        return self.file["tolerance"]

    @property
    def proof(self) -> list[str]:
        """Headers without which the request proves nothing."""
        nowhere = self.case.get("in_body") or self.case.get("unsigned")
        return [] if nowhere else self.case.get("proof", self.file["proof"])

    @property
    def signature(self) -> str:
        """The header whose signature counts."""
        return self.case.get("signature", self.file["signature"])

    @property
    def extra(self) -> dict[str, Any]:
        return self.file["extra"] | self.case.get("extra", {})

    def source(self, password: str | None = None, **extra: Any) -> Source:
        """Return the source that takes the request, informed of the document it needs."""
        secret = self.file["password"] if password is None else password
        source = parse(self.vendor, self.file["login"], secret, self.extra | extra)
        if "root" not in self.file:
            return source
        return replace(source, verifier=trusting(source.verifier, self.file["root"], self.case["document"]))

    def message(
        self,
        *,
        body: bytes | None = None,
        headers: Iterable[tuple[str, str | bytes]] | None = None,
        late: float = 0,
    ) -> Message:
        """Return the request, ``late`` seconds after it was sent."""
        fields = self.case["headers"].items() if headers is None else headers
        url = self.case["url"]
        path = url.partition("/hooks/in/")[2].partition("?")[0].partition("/")[2]
        arrival = datetime.fromtimestamp(self.case["received_at"], UTC)
        return Message(
            method=self.case["method"],
            url=url,
            event_path=path,
            query_string=url.partition("?")[2],
            headers=Headers(
                (name.encode(), value.encode() if isinstance(value, str) else value) for name, value in fields
            ),
            content=self.case["body"].encode() if body is None else body,
            received_at=arrival + timedelta(seconds=late),
        )

    def without(self, name: str) -> list[tuple[str, str]]:
        return [(key, value) for key, value in self.case["headers"].items() if key != name]

    def with_header(self, name: str, value: str | bytes) -> list[tuple[str, str | bytes]]:
        return [*self.without(name), (name, value)]


def trusting(verifier: Verifier, root: str, document: str) -> Verifier:
    """Return PayPal's verifier believing the vector's own authority."""
    return replace(verifier.informed(document.encode()), roots=_store(root))  # type: ignore[type-var]


@cache
def _store(root: str) -> Any:
    from cryptography import x509
    from cryptography.x509.verification import Store

    return Store(x509.load_pem_x509_certificates(root.encode()))


def load() -> list[Webhook]:
    """Return every request of every vendor."""
    found = []
    for file in sorted(FOLDER.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        found += [Webhook(file.stem, content, case) for case in content["cases"]]
    return found
