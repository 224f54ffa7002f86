"""A target: one server and how to talk to it, from the fields of an Airflow Connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http import auth, extras, url
from hookline.http.egress import Network
from hookline.http.extras.check import networks
from hookline.http.headers import is_secret
from hookline.protocol.rate import Rate


@dataclass(frozen=True)
class Target:
    """Where requests go and what goes with them.

    :param base_path: percent-encoded or not, as written; empty when the host has none.
    :param headers: default header fields.
    :param timeout: longest wait for the next bytes of an answer, in seconds.
    :param connect_timeout: longest wait for a connection, in seconds.
    :param verify: whether to verify TLS certificates, or the path of the CA bundle to verify them with.
    :param max_response_bytes: bound of an answer's body after decompression.
    :param transfer_timeout: bound of a whole exchange that sends or saves a file, in seconds.
    :param backoff: longest wait after the first attempt, in seconds; it doubles from there.
    :param max_wait: longest ``Retry-After`` that is honoured, in seconds.
    :param allowed_networks: addresses that may be called although they are not public.
    :param proxy: URL of the proxy, without user and password.
    :param client_cert: path of the client certificate; ``client_key`` if the key is not in the same file.

    What the other fields mean is in ``docs/reference/http-connection.md``.
    """

    origin: url.Origin
    base_path: str = ""
    auth_type: str = "none"
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    api_key_header: str = "X-API-Key"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    key_query: str = ""
    credential_field: str = "client_secret"
    login_field: str = "client_id"

    signature_header: str = "X-Signature"
    signature_algorithm: str = "sha256"
    signature_encoding: str = "hex"
    signature_prefix: str = ""
    signed_content: str = "{body}"
    timestamp_header: str = ""
    previous_secret: str = field(default="", repr=False)

    grant: str = "authorization_code"
    oauth_authorize_url: str = ""
    oauth_exchange_url: str = ""
    scope: str = ""
    audience: str = ""
    access_token: str = field(default="", repr=False)
    client_authentication: str = "basic"
    expired_status: frozenset[int] = frozenset({401})
    expired_when: str = ""

    timeout: float = 30.0
    connect_timeout: float = 10.0
    transfer_timeout: float = 3600.0
    max_attempts: int = 3
    backoff: float = 1.0
    max_wait: float = 3600.0
    rate_limit: Rate | None = None
    max_concurrent_calls: int = 32
    max_request_bytes: int = 100 * 2**20
    max_response_bytes: int = 10 * 2**20
    max_file_bytes: int = 5 * 2**30

    max_redirects: int = 5
    allowed_networks: tuple[Network, ...] = ()
    proxy: str = ""
    proxy_login: str = ""
    proxy_password: str = field(default="", repr=False)
    verify: bool | str = True
    client_cert: str = ""
    client_key: str = ""
    client_key_password: str = field(default="", repr=False)

    @property
    def bound_to_origin(self) -> bool:
        """Whether this target holds anything that no other server may see."""
        return self.auth_type != "none" or bool(self.headers) or bool(self.client_cert)

    @property
    def secrets(self) -> frozenset[str]:
        """What must not show up in a log line or an error, even if the other side repeats it."""
        added = auth.SCHEMES[self.auth_type].secrets(self)
        default = (value for name, value in self.headers.items() if is_secret(name))
        others = (self.access_token, self.proxy_password, self.client_key_password)
        return frozenset(filter(None, (*added, *default, *others)))


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
    _require_belonging(options)
    _check_proxy(target)
    auth.SCHEMES[target.auth_type].check(target)
    return target


# An extra that nothing reads was meant for something, and is worth an error.
_OF = {
    **dict.fromkeys(("api_key_header", "key_query"), "api_key"),
    **dict.fromkeys(("credential_field", "login_field"), "client_secret"),
    **dict.fromkeys(
        (
            "signature_header", "signature_algorithm", "signature_encoding", "signature_prefix",
            "signed_content", "timestamp_header",
        ),
        "hmac",
    ),
    "previous_secret": "standard_webhooks",
    **dict.fromkeys(
        (
            "grant", "oauth_authorize_url", "oauth_exchange_url", "scope", "audience", "access_token",
            "client_authentication", "expired_status", "expired_when",
        ),
        "oauth2",
    ),
}  # fmt: skip
_NEEDS = {
    "client_key": "client_cert",
    "client_key_password": "client_cert",
    "proxy_login": "proxy",
    "proxy_password": "proxy",
}


def _require_belonging(options: Mapping[str, Any]) -> None:
    for name in options:
        if (auth_type := _OF.get(name, options["auth_type"])) != options["auth_type"]:
            raise ConfigurationError(
                f"extra `{name}` is read with auth_type {auth_type} only, not with {options['auth_type']}; "
                "remove it"
            )
        if (other := _NEEDS.get(name)) and other not in options:
            raise ConfigurationError(f"extra `{name}` is of no use without `{other}`")
    if "key_query" in options and "api_key_header" in options:
        raise ConfigurationError("extras `key_query` and `api_key_header` exclude each other; remove one")


def _check_proxy(target: Target) -> None:
    if target.proxy:
        _, path, query = url.split(target.proxy, "extra `proxy`")
        if path.strip("/") or query:
            raise ConfigurationError("extra `proxy` holds a path; write it as http://proxy.example.com:3128")


def anonymous(address: str) -> Target:
    """Make the target of a call that has a URL and no Connection: no authentication, default limits.

    :raises ConfigurationError: see :func:`hookline.http.url.split`.
    """
    return Target(origin=url.split(address, "url")[0])


def opened(target: Target, everywhere: str) -> Target:
    """Return ``target`` with the networks that every call may connect to.

    :param everywhere: networks as text with commas.
    :raises ConfigurationError: one of them is none.
    """
    if not everywhere:
        return target
    try:
        allowed = (*target.allowed_networks, *networks(everywhere))
    except ConfigurationError as error:
        raise ConfigurationError(f"[hookline] allowed_networks: {error}") from None
    return replace(target, allowed_networks=allowed)


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
