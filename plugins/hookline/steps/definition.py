"""One step webhook as it is declared, in code, as YAML or through the management API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hookline.exceptions import ConfigurationError
from hookline.http import headers as header_fields
from hookline.steps import template
from hookline.steps.transition import ALL, COMPLETED

METHODS = ("POST", "PUT", "PATCH")
MAX_DESCRIPTION = 1000
MAX_HEADERS = 50
MAX_URL = 2000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_CONN_ID = re.compile(r"[A-Za-z0-9_.\-]{1,250}")
_PATH = re.compile(r"/[\x21-\x7e]{0,2000}")


@dataclass(frozen=True, kw_only=True)
class StepWebhook:
    """Tell another system when something happens to a step.

    What is sent is in the reference of payloads. No secret is part of a definition: address and
    authentication come from a Connection of type ``http_connector``.

    :param name: what it is called, in the console and in the delivery id.
    :param on: what it is sent for, one of :data:`~hookline.steps.transition.ALL` or several.
    :param conn_id: Connection that has address and authentication.
    :param path: below the Connection's address; begins with a slash.
    :param url: the address, for a receiver that asks for no authentication.
    :param auth: the ``auth_type`` that the Connection must have; whichever it has, if left out.
    :param method: ``POST``, ``PUT`` or ``PATCH``.
    :param filter: JMESPath over the payload; sent only where it is true. Empty lists, objects and texts,
        ``false`` and ``null`` are not, as in JMESPath itself.
    :param headers: sent along; values may have placeholders ``${JMESPath}``.
    :param body: what is sent instead of the payload: JMESPath over it, or an object or a list whose texts
        have placeholders ``${JMESPath}``.
    :param ordered: to be delivered one after the other.
    :raises ConfigurationError: with the first thing that is wrong and how to put it right.
    """

    name: str
    on: str | tuple[str, ...] | list[str] = COMPLETED
    conn_id: str | None = None
    path: str = ""
    url: str | None = None
    auth: str | None = None
    method: str = "POST"
    description: str = ""
    enabled: bool = True
    filter: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    ordered: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{self.name!r} cannot name a step webhook: up to 100 letters, digits, `_`, `-`, `.`"
            )
        try:
            self._check()
        except ConfigurationError as error:
            raise ConfigurationError(f"step webhook `{self.name}`: {error}") from None

    @property
    def triggers(self) -> tuple[str, ...]:
        """What it is sent for."""
        return (self.on,) if isinstance(self.on, str) else tuple(self.on)

    def as_json(self) -> dict[str, Any]:
        """Return what is not the default, for JSON; ``parse`` reads it."""
        found: dict[str, Any] = {"name": self.name, "on": list(self.triggers)}
        for one in fields(self):
            value = getattr(self, one.name)
            empty = one.name == "headers" and not value
            if one.name not in found and not empty and value != one.default:
                found[one.name] = dict(value) if one.name == "headers" else value
        return found

    def _check(self) -> None:
        given = isinstance(self.on, str | list | tuple) and bool(self.triggers)
        if not given or any(one not in ALL for one in self.triggers):
            raise ConfigurationError(f"on is {self.on!r}; it must be one of {', '.join(ALL)}")
        self._check_address()
        self._check_texts()
        if self.method not in METHODS:
            raise ConfigurationError(f"method is {self.method!r}; it must be one of {', '.join(METHODS)}")
        if self.filter is not None:
            template.check_expression(self.filter, "filter")
        if isinstance(self.body, str):
            template.check_expression(self.body, "body")
        elif isinstance(self.body, Mapping | list):
            template.check(self.body, "body")
        elif self.body is not None:
            raise ConfigurationError("body must be JMESPath, an object or a list")
        self._check_headers()

    def _check_address(self) -> None:
        if bool(self.conn_id) == bool(self.url):
            raise ConfigurationError(
                "give conn_id (a Connection of type http_connector), or url where nobody has to authenticate"
            )
        if self.conn_id:
            if not isinstance(self.conn_id, str) or not _CONN_ID.fullmatch(self.conn_id):
                raise ConfigurationError(f"{self.conn_id!r} cannot be a Connection's id")
        else:
            self._check_url()
        if self.path and (not self.conn_id or not _PATH.fullmatch(str(self.path))):
            raise ConfigurationError("path goes with conn_id, begins with / and holds visible ASCII only")
        if self.path:
            from hookline.http import url as addresses  # every Dag file would wait for it

            addresses.below("", self.path)
            _refuse_secrets(self.path, "path")
        if self.auth is not None:
            from hookline.http.auth import SCHEMES  # every Dag file would wait for them

            if self.auth not in SCHEMES:
                known = ", ".join(SCHEMES)
                raise ConfigurationError(f"auth is {self.auth!r}; it must be one of {known}")
        if self.url and self.auth not in (None, "none"):
            raise ConfigurationError(
                "a url alone has no authentication; put address and secret into a Connection"
            )

    def _check_url(self) -> None:
        if not isinstance(self.url, str) or len(self.url) > MAX_URL:
            raise ConfigurationError(f"url must be text of at most {MAX_URL} characters")
        from hookline.http import url as addresses  # every Dag file would wait for it

        addresses.split(self.url, "url")
        _refuse_secrets(self.url, "url")

    def _check_texts(self) -> None:
        if not isinstance(self.description, str) or len(self.description) > MAX_DESCRIPTION:
            raise ConfigurationError(f"description must be text of at most {MAX_DESCRIPTION} characters")
        for name in ("enabled", "ordered"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigurationError(f"{name} must be true or false")

    def _check_headers(self) -> None:
        checked = header_fields.checked(self.headers)
        if len(checked) > MAX_HEADERS:
            raise ConfigurationError(f"headers has {len(checked)} fields; {MAX_HEADERS} are allowed")
        for name, value in checked.items():
            if header_fields.is_secret(name):
                raise ConfigurationError(
                    f"headers: `{name}` carries a secret; put it into the Connection (auth_type, headers)"
                )
            if name.lower().startswith("webhook-"):
                raise ConfigurationError(f"headers: `{name}` is written by Hookline itself; leave it out")
            template.check(value, f"headers: the value of {name}")


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """A stored definition that cannot be used: another version of Hookline wrote it, or somebody by hand.

    :param problem: why, for people.
    """

    name: str
    triggers: tuple[str, ...]
    problem: str
    enabled: bool = True


NAMES = tuple(one.name for one in fields(StepWebhook))
"""The fields of a definition."""


def parse(document: Any) -> StepWebhook:
    """Read a definition from JSON or YAML.

    :raises ConfigurationError: it is no object, has an unknown field, or cannot be used as it is.
    """
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"a step webhook is an object with {', '.join(NAMES)}")
    for key in document:
        if key not in NAMES:
            raise ConfigurationError(f"a step webhook has no field {key!r}; it has {', '.join(NAMES)}")
    if "name" not in document:
        raise ConfigurationError("a step webhook needs a name")
    return StepWebhook(**document)


def stored(name: str, document: Any) -> StepWebhook | Unusable:
    """Read a definition that was accepted before."""
    try:
        return parse(document)
    except (ConfigurationError, TypeError) as error:
        given = document if isinstance(document, Mapping) else {}
        on = given.get("on", COMPLETED)
        triggers = [on] if isinstance(on, str) else on if isinstance(on, list | tuple) else ALL
        return Unusable(
            name=name,
            triggers=tuple(one for one in triggers if one in ALL),
            problem=str(error),
            enabled=given.get("enabled") is not False,
        )


def _refuse_secrets(address: str, what: str) -> None:
    for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True):
        if header_fields.is_secret(name) or name.lower() in ("key", "sig", "code"):
            raise ConfigurationError(
                f"{what}: `{name}` looks like a secret; put it into a Connection (key_query) and give conn_id"
            )
