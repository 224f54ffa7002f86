"""A source: one Airflow Connection of type ``webhook``, read strictly."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression, form, guard, naming, platform, reply
from hookline.protocol.guard import Guard
from hookline.protocol.locator import Locator
from hookline.protocol.message import Message
from hookline.protocol.problem import METHOD_NOT_ALLOWED, Rejected
from hookline.protocol.reply import Reply
from hookline.protocol.signatures.handshake import Handshake
from hookline.protocol.signatures.handshake import Reply as Greeting
from hookline.protocol.signatures.handshakes import HANDSHAKES
from hookline.protocol.signatures.registry import SCHEMES
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier, text_option

CONN_TYPE = "webhook"
METHODS = ("POST", "PUT", "PATCH", "GET")
DEFAULT_METHODS = ("POST", "PUT", "PATCH")
FORMATS = ("json", "xml", "form", "text", "properties", "ndjson", "file")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\Z")
_OPTIONS = frozenset(
    {
        "auth_type",
        "previous_secret",
        "event_type",
        "event_id",
        "correlation",
        "dag_prefix",
        "methods",
        "max_body_bytes",
        "on_paused",
        "handshake",
        "verify_token",
        "format",
        "batch",
        "replay_window",
    }
    | form.OPTIONS
    | guard.OPTIONS
    | reply.OPTIONS
)


@dataclass(frozen=True, slots=True)
class Source:
    """What is known about one system that sends events.

    :param name: the Connection's id.
    :param correlation: where an event says which wait it belongs to, or None.
    :param dag_prefix: first part of the dag ids; empty for platform events.
    :param max_body_bytes: the source's own limit in bytes, or None.
    :param run_paused: whether events for a paused Dag make queued runs (``on_paused=run``).
    :param format: how bodies are read, whatever their content type; None to believe it.
    :param batch: JMESPath to the list of which each element is an event, or None.
    :param guard: what is asked before a body is read, or None.
    :param replay_window: seconds for which the same signed content is the same event; 0 for none.
    :param reply: how events that were taken are answered.
    :param form: who may send its forms, or None where it has none.
    """

    name: str
    scheme: Scheme
    verifier: Verifier
    event_type: Locator
    event_id: Locator | None
    dag_prefix: str
    methods: tuple[str, ...] = DEFAULT_METHODS
    max_body_bytes: int | None = None
    run_paused: bool = False
    separator: str = "."
    handshake: Handshake | None = None
    handshake_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    guard: Guard | None = None
    format: str | None = None
    batch: str | None = None
    replay_window: int = 0
    reply: Reply = field(default_factory=Reply)
    correlation: Locator | None = None
    form: form.Access | None = None

    @property
    def takes(self) -> frozenset[str]:
        """Methods of requests that are read: those of events, and those of the handshake."""
        return frozenset(self.methods) | (self.handshake.methods if self.handshake else frozenset())

    def require_method(self, method: str) -> None:
        """Refuse a method that no event has.

        :raises Rejected: with the problem ``method-not-allowed``.
        """
        if method not in self.methods:
            allowed = ", ".join(self.methods)
            raise Rejected(METHOD_NOT_ALLOWED, f"The source takes {allowed}.", headers={"Allow": allowed})

    def greeted(self, message: Message, *, verified: bool) -> Greeting | None:
        """Return the reply to a handshake, or None if this message is none.

        :param verified: whether the message's signature was verified; each handshake has one place.
        :raises Rejected: it is a handshake that does not know the secret.
        """
        if self.handshake is None or self.handshake.signed is not verified:
            return None
        return self.handshake.answer(message, self.handshake_secrets)

    def candidates(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """Return the dag ids that may run for an event, best first, ending in the catch-all.

        :raises NamingError: the type cannot be written as a dag id.
        """
        return _candidates(self.name, self.dag_prefix, segments)


@lru_cache(maxsize=1024)
def _candidates(source: str, dag_prefix: str, segments: tuple[str, ...]) -> tuple[str, ...]:
    # Senders send the same few types in every request.
    names: list[str] = []
    if segments:
        names = [naming.dag_id(dag_prefix, segments)] if dag_prefix else platform.candidates(segments)
    return (*names, naming.escape(source))


def parse(name: str, login: str | None, password: str | None, extra: Mapping[str, Any]) -> Source:
    """Read the fields of a Connection.

    :param extra: the Connection's extra, parsed.
    :raises ConfigurationError: with the first thing that is wrong and how to put it right.
    """
    if not NAME.match(name):
        raise ConfigurationError(
            f"`{name}` cannot be a source's name: lower-case letters, digits, `_` and `-`, at most 100."
        )
    # The form saves null for what was left out; only the prefix may be empty on purpose.
    extra = {k: v for k, v in extra.items() if v is not None and (v != "" or k == "dag_prefix")}
    scheme = _scheme(extra)
    _check_options(extra, scheme)
    secrets = tuple(
        secret
        for secret in (password, text_option(extra, "previous_secret", ""))
        if password and password.strip() and secret and secret.strip()
    )
    if scheme.needs_secret and not (password and password.strip()):
        raise ConfigurationError(f"`auth_type` {scheme.name} needs a secret in the password field.")
    credentials = Credentials(login or "", secrets)
    verifier = scheme.build(credentials, extra)
    handshake, handshake_secrets = _handshake(scheme, credentials, extra)
    methods = _methods(extra)
    if "GET" in methods and not verifier.covers_query:
        raise ConfigurationError(
            "`methods` has GET, whose data is the query, but the signature does not cover the query:"
            " put `{url}` into `signed_content`, or leave GET out."
        )
    return Source(
        name=name,
        scheme=scheme,
        verifier=verifier,
        event_type=Locator.parse(extra["event_type"]) if "event_type" in extra else scheme.event_type,
        event_id=Locator.parse(extra["event_id"]) if "event_id" in extra else scheme.event_id,
        dag_prefix=_dag_prefix(extra, name),
        methods=methods,
        max_body_bytes=_max_body_bytes(extra),
        run_paused=_choice(extra, "on_paused", ("hold", "run")) == "run",
        separator="." if "event_type" in extra else scheme.separator,
        handshake=handshake,
        handshake_secrets=handshake_secrets,
        format=_choice(extra, "format", FORMATS) if "format" in extra else None,
        batch=_batch(extra.get("batch")),
        guard=guard.parse(extra),
        replay_window=_replay_window(extra, verifier),
        reply=reply.parse(extra),
        correlation=Locator.parse(extra["correlation"]) if "correlation" in extra else None,
        form=form.parse(extra),
    )


def _handshake(
    scheme: Scheme, credentials: Credentials, extra: Mapping[str, Any]
) -> tuple[Handshake | None, tuple[bytes, ...]]:
    name = text_option(extra, "handshake", "") or None
    if name is not None and name not in HANDSHAKES:
        raise ConfigurationError(f"`handshake` must be one of {', '.join(HANDSHAKES)}.")
    handshake = HANDSHAKES[name] if name is not None else scheme.handshake
    option = handshake.secret_option if handshake else ""
    if "verify_token" in extra and option != "verify_token":
        raise ConfigurationError("`verify_token` is only read where the handshake is meta.")
    if not option:
        return handshake, credentials.encoded
    secret = text_option(extra, option, "")
    if not secret.strip() and name is not None:
        raise ConfigurationError(f"`handshake` {name} needs `{option}`.")
    # Without the secret there is no handshake yet: events may come from a subscription that was made before.
    return (handshake, (secret.encode("utf-8", "surrogatepass"),)) if secret.strip() else (None, ())


def _scheme(extra: Mapping[str, Any]) -> Scheme:
    if "auth_type" not in extra:
        raise ConfigurationError("`auth_type` is missing; write `none` if anybody may send.")
    wanted = str(extra["auth_type"])
    if wanted not in SCHEMES:
        raise ConfigurationError(f"`auth_type` {wanted} is unknown;{_nearest(wanted, SCHEMES)}")
    return SCHEMES[wanted]


def _check_options(extra: Mapping[str, Any], scheme: Scheme) -> None:
    known = _OPTIONS | scheme.options
    for key in extra:
        if key not in known:
            others = [other.name for other in SCHEMES.values() if key in other.options]
            hint = f" only `auth_type` {others[0]} reads it." if others else _nearest(key, known)
            raise ConfigurationError(f"The extra `{key}` is not one of a source with {scheme.name};{hint}")
    for key in ("event_type", "event_id", "correlation"):
        if not isinstance(extra.get(key, ""), str):
            raise ConfigurationError(f"`{key}` must be text.")


def _nearest(wanted: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    near = difflib.get_close_matches(wanted, sorted(known), n=1)
    return f" did you mean `{near[0]}`?" if near else f" known are {', '.join(sorted(known))}."


def _dag_prefix(extra: Mapping[str, Any], name: str) -> str:
    prefix = extra.get("dag_prefix", name)
    if prefix == "":
        return ""
    if not isinstance(prefix, str) or not NAME.match(prefix):
        raise ConfigurationError("`dag_prefix` takes what a source's name may be, or nothing.")
    if prefix in naming.GROUPS:
        raise ConfigurationError(
            f"The prefix `{prefix}` belongs to the platform's events; set `dag_prefix` to another one."
        )
    return prefix


def _methods(extra: Mapping[str, Any]) -> tuple[str, ...]:
    value = extra.get("methods", DEFAULT_METHODS)
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or any(name not in METHODS for name in names):
        raise ConfigurationError(f"`methods` is a list out of {', '.join(METHODS)}.")
    return tuple(names)


def _max_body_bytes(extra: Mapping[str, Any]) -> int | None:
    value = extra.get("max_body_bytes")
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"0*[1-9][0-9]{0,11}", str(value)):
        raise ConfigurationError("`max_body_bytes` must be a positive number of bytes.")
    return int(value)


def _batch(value: Any) -> str | None:
    if value in (None, False):
        return None
    if value is True:
        return "@"
    if not isinstance(value, str):
        raise ConfigurationError("`batch` is true, or the JMESPath of a list.")
    if value.strip().lower() in ("true", "false"):  # as the form and a URI give it
        return "@" if value.strip().lower() == "true" else None
    expression.check(value)
    return value


def _replay_window(extra: Mapping[str, Any], verifier: Verifier) -> int:
    value = extra.get("replay_window", verifier.replay_window)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,7}", str(value)):
        raise ConfigurationError("`replay_window` must be a number of seconds; 0 lets replays run.")
    return int(value)


def _choice(extra: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = extra.get(name, choices[0])
    if value not in choices:
        raise ConfigurationError(f"`{name}` must be one of {', '.join(choices)}.")
    return str(value)
