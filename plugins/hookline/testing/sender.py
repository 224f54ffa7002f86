"""A sender: signs what it sends as the vendor would, and has it go through the real intake."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from hookline import catalog
from hookline.exceptions import HooklineError
from hookline.protocol import intake
from hookline.protocol.intake import Accepted
from hookline.protocol.message import Headers, Message
from hookline.protocol.problem import Rejected
from hookline.protocol.source import Source, parse
from hookline.testing.event import Sent

BASE = "https://hooks.example.com/hooks/in"
SECRET = "a-secret-for-tests-that-is-long-enough-for-every-shared-key-of-jwt"  # noqa: S105


class Refused(HooklineError):
    """The source did not take the request.

    :param problem: as in ``docs/reference/answers.md``.
    :param status: of the answer.
    """

    def __init__(self, problem: str, status: int, reason: str) -> None:
        super().__init__(f"{status} {problem}: {reason}")
        self.problem = problem
        self.status = status


@dataclass(frozen=True)
class Sender:
    """One source, as its sender sees it.

    :param name: of the source.
    :param auth_type: as in the source's Connection; ``none`` by default.
    :param password: the secret; one made up where the scheme needs one.
    :param login: user name.
    :param extra: other options of the Connection.
    """

    name: str
    auth_type: str = "none"
    password: str = SECRET
    login: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def source(self) -> Source:
        """Return the source.

        :raises ConfigurationError: a Connection like this could not be used.
        """
        return parse(
            self.name, self.login or None, self.password, {**self.extra, "auth_type": self.auth_type}
        )

    def send(
        self,
        event: str = "",
        data: Any = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        delivery_id: str | None = None,
        signed: bool = True,
    ) -> Sent:
        """Sign a request, verify it, and return the event it became.

        :param event: its type, put where this source looks for it: the path (``orders/paid``) or a header. Of
            sources that look into the body it is in ``data``.
        :param data: sent as JSON; by default the catalog's sample of ``{dag_prefix}.{event}``.
        :param body: sent instead of ``data``, as it is.
        :param headers: beside those that sign; they win, so that a test can forge one.
        :param query: parameters.
        :param delivery_id: put where this source looks for it; a new one by default.
        :param signed: whether to sign at all.
        :raises Refused: the source takes no such request.
        """
        source = self.source()
        known = catalog.find(".".join(filter(None, (source.dag_prefix, event.strip("/").replace("/", ".")))))
        if body is None:
            body = json.dumps(known.sample if data is None and known is not None else data).encode()
        path = quote(event.strip("/")) if source.event_type.kind == "path" else ""
        fields = {"Content-Type": "application/json", **(known.headers if known else {})}
        fields = _merged(fields, _placed(source, event, delivery_id))

        def made(named: Mapping[str, str]) -> Message:
            return Message(
                method="POST",
                url="/".join(filter(None, [BASE, self.name, path])),
                event_path=path,
                query_string=urlencode(query or {}),
                headers=Headers((n.encode("latin-1"), v.encode("latin-1")) for n, v in named.items()),
                content=body,
                received_at=datetime.now(UTC),
            )

        proof = source.verifier.sign(made(fields)) if signed else {}
        message = made(_merged(fields, proof, headers or {}))
        try:
            taken = intake.events(intake.take(source, message))
        except Rejected as rejected:
            raise Refused(rejected.problem.slug, rejected.problem.status, rejected.reason) from None
        if len(taken) != 1:
            raise Refused("no-event", 200, f"{self.name} answers this without starting a Dag")
        [accepted] = taken
        return sent(accepted)


def _placed(source: Source, event: str, delivery_id: str | None) -> dict[str, str]:
    fields = {}
    if source.event_type.kind == "header" and event:
        fields[source.event_type.argument] = event
    if source.event_id is not None and source.event_id.kind == "header":
        fields[source.event_id.argument] = delivery_id or str(uuid.uuid4())
    return fields


def _merged(*fields: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for some in fields for name, value in some.items()}


def sent(accepted: Accepted) -> Sent:
    """Return what became of an accepted request."""
    return Sent(json.loads(accepted.body), accepted.candidates)
