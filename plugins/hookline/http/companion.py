"""What the Dag side and the server call the same: where a ready token is, and how another is asked for."""

from __future__ import annotations

import hashlib

COMPANION = "{}__token"
"""Id of the Connection that holds the ready token."""

CONN_TYPE = "http_connector_token"

REFRESH = "hookline_refresh__{}"
"""Variable by which another token is asked for; it holds the fingerprint of the rejected one."""

NONE = "none"
"""In place of a fingerprint where there was no token."""


def fingerprint(token: str) -> str:
    """Return what tells tokens apart and gives none away."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]
