"""A target: one server and how to talk to it, from the fields of an Airflow Connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http import auth, extras, url
from hookline.http.headers import is_secret


@dataclass(frozen=True)
class Target:
    """Where requests go and what goes with them.

    :param base_path: percent-encoded or not, as written; empty when the host has none.
    :param headers: default header fields.
    :param timeout: longest wait for the next bytes of an answer, in seconds.
    :param connect_timeout: longest wait for a connection, in seconds.
    :param verify: whether to verify TLS certificates, or the path of the CA bundle to verify them with.
    :param max_response_bytes: bound of an answer's body after decompression.
    """

    origin: url.Origin
    base_path: str = ""
    auth_type: str = "none"
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    api_key_header: str = "X-API-Key"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 30.0
    connect_timeout: float = 10.0
    verify: bool | str = True
    max_response_bytes: int = 10 * 2**20

    @property
    def bound_to_origin(self) -> bool:
        """Whether this target holds anything that no other server may see."""
        return self.auth_type != "none" or bool(self.headers)

    @property
    def secrets(self) -> frozenset[str]:
        """What must not show up in a log line or an error, even if the other side repeats it."""
        added = auth.SCHEMES[self.auth_type].secrets(self)
        default = (value for name, value in self.headers.items() if is_secret(name))
        return frozenset(filter(None, (*added, *default)))


def from_fields(
    *,
    host: str | None,
    schema: str | None = None,
    port: int | None = None,
    login: str | None = None,
    password: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Target:
    """Make the target from a Connection's fields, named as Airflow names them.

    ``host`` is a host name, or a whole URL with a base path; without a scheme, ``schema`` or https is meant.

    :raises ConfigurationError: a field or an extra that is missing, unknown, wrong or contradicts another.
    """
    options = extras.read(extra or {})
    if "auth_type" not in options:
        raise ConfigurationError(
            f"extra `auth_type` is missing; set it to one of {', '.join(auth.SCHEMES)}. "
            "Write none if the server wants no authentication"
        )
    origin, base_path = _base(host, schema, port)
    target = Target(origin=origin, base_path=base_path, login=login or "", password=password or "", **options)
    auth.SCHEMES[target.auth_type].check(target)
    return target


def anonymous(address: str) -> Target:
    """Make the target of a call that has a URL and no Connection: no authentication, default limits.

    :raises ConfigurationError: see :func:`hookline.http.url.split`.
    """
    return Target(origin=url.split(address, "url")[0])


def _base(host: str | None, schema: str | None, port: int | None) -> tuple[url.Origin, str]:
    if not host:
        raise ConfigurationError(
            "host is empty; give a host name or a URL such as https://api.example.com/v2"
        )
    schema = (schema or "").lower()
    if schema and schema not in url.DEFAULT_PORTS:
        raise ConfigurationError(f"schema is {schema!r}; write https or http, and the base path into host")
    whole = host if "://" in host else f"{schema or 'https'}://{host}"
    origin, base_path, query = url.split(whole, "host")
    if query:
        raise ConfigurationError("host holds a query; give it with each call")
    if schema and schema != origin.scheme:
        raise ConfigurationError(
            f"host begins with {origin.scheme}:// but schema is {schema}; make them agree"
        )
    if not port:  # Airflow's form saves 0 for none
        return origin, base_path
    if not 1 <= port <= 65_535:
        raise ConfigurationError(f"port is {port}; ports are 1 to 65535")
    if port != origin.port and origin.port != url.DEFAULT_PORTS[origin.scheme]:
        raise ConfigurationError(f"host holds port {origin.port} but port is {port}; make them agree")
    return url.Origin(origin.scheme, origin.host, port), base_path
