"""The extra fields that a Connection of type ``http_connector`` may have, each with its check.

Only what has to be hidden is called ``…secret…``, ``…password…``, ``…token…`` or ``…api_key…``: Airflow
shows the value of such a field as ``***`` (``airflow/sdk/_shared/secrets_masker``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http.auth import SCHEMES
from hookline.http.extras.check import (
    Check,
    choice,
    header_map,
    header_name,
    named,
    nearest,
    networks,
    seconds,
    statuses,
    text,
    verify,
    whole,
)
from hookline.http.select import compiled
from hookline.protocol import rate
from hookline.protocol.signatures.layout import ALGORITHMS, ENCODINGS

DAY = 86_400.0
MAX_BYTES = 2**30
MAX_FILE_BYTES = 2**40
GRANTS = ("authorization_code", "client_credentials")
CLIENT_AUTHENTICATIONS = ("basic", "body")

FIELDS: Mapping[str, Check] = {
    "auth_type": choice("auth_type", SCHEMES),
    "headers": header_map("headers"),
    # Authentication
    "api_key_header": header_name("api_key_header"),
    "key_query": text("key_query", "key"),
    "credential_field": text("credential_field", "client_secret"),
    "login_field": text("login_field", "client_id"),
    # Signature
    "signature_header": header_name("signature_header"),
    "signature_algorithm": choice("signature_algorithm", ALGORITHMS),
    "signature_encoding": choice("signature_encoding", ENCODINGS),
    "signature_prefix": text("signature_prefix", "sha256="),
    "signed_content": text("signed_content", "{timestamp}.{body}"),
    "timestamp_header": header_name("timestamp_header"),
    "previous_secret": text("previous_secret", "whsec_…"),
    # OAuth 2.0
    "grant": choice("grant", GRANTS),
    "oauth_authorize_url": text("oauth_authorize_url", "https://login.example.com/authorize"),
    "oauth_exchange_url": text("oauth_exchange_url", "https://login.example.com/token"),
    "scope": text("scope", "contacts.read offline_access"),
    "audience": text("audience", "https://api.example.com"),
    "access_token": text("access_token", "the token"),
    "client_authentication": choice("client_authentication", CLIENT_AUTHENTICATIONS),
    "expired_status": statuses("expired_status"),
    "expired_when": named("expired_when", compiled),
    # Retries and limits
    "timeout": seconds("timeout", DAY),
    "connect_timeout": seconds("connect_timeout", DAY),
    "transfer_timeout": seconds("transfer_timeout", 7 * DAY),
    "max_attempts": whole("max_attempts", 1, 20),
    "backoff": seconds("backoff", 60.0),
    "max_wait": seconds("max_wait", 7 * DAY, least=0),
    "rate_limit": named("rate_limit", rate.parse),
    "max_concurrent_calls": whole("max_concurrent_calls", 1, 10_000),
    "max_request_bytes": whole("max_request_bytes", 1, MAX_FILE_BYTES),
    "max_response_bytes": whole("max_response_bytes", 1, MAX_BYTES),
    "max_file_bytes": whole("max_file_bytes", 1, MAX_FILE_BYTES),
    # Network
    "max_redirects": whole("max_redirects", 0, 20),
    "allowed_networks": named("allowed_networks", networks),
    "proxy": text("proxy", "http://proxy.example.com:3128"),
    "proxy_login": text("proxy_login", "ann"),
    "proxy_password": text("proxy_password", "the password"),
    "verify": verify,
    "client_cert": text("client_cert", "/etc/ssl/client.pem"),
    "client_key": text("client_key", "/etc/ssl/client.key"),
    "client_key_password": text("client_key_password", "the password"),
}


def read(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked values of the extras that are set; ``None`` and empty text mean "not set".

    :raises ConfigurationError: an unknown key, with the nearest known one, or a value of the wrong kind.
    """
    for key in extra:
        if key not in FIELDS:
            raise ConfigurationError(f"extra `{key}` is not known; {nearest(key, FIELDS)}")
    return {key: FIELDS[key](value) for key, value in extra.items() if value is not None and value != ""}
