"""What a token answer is read as."""

from __future__ import annotations

from typing import Any

import pytest

from hookline.tokens.grant import Grant, ProviderError


@pytest.mark.parametrize(
    ("answer", "lifetime", "scope"),
    [
        ({"expires_in": 60}, 60.0, ""),
        ({"expires_in": "60"}, 60.0, ""),
        ({"expires_in": None}, None, ""),
        ({"expires_in": -1}, None, ""),
        ({"expires_in": 1e99}, None, ""),
        ({"expires_in": "soon"}, None, ""),
        ({"expires_in": "nan"}, None, ""),
        ({"scope": ["a", "b"]}, None, "a b"),
        ({"scope": "a b"}, None, "a b"),
        ({"scope": [1, 2]}, None, "1 2"),
        ({"scope": {}}, None, ""),
        ({"scope": "a\x00\x1b[2J\ud800b"}, None, "a[2Jb"),
        ({"scope": "a" * 10_000}, None, "a" * 4096),
    ],
)
def test_a_grant_is_read(answer: dict[str, Any], lifetime: float | None, scope: str) -> None:
    grant = Grant.of({"access_token": "t", **answer}, "before")
    assert (grant.lifetime, grant.scope, grant.refresh_token) == (lifetime, scope, "before")


@pytest.mark.parametrize(
    "token", [None, "", 7, ["t"], "t" * 20_000, "tökén", "a b", "t\r\nX-Evil: 1", "\x00"]
)
def test_what_no_header_could_carry_is_no_token(token: Any) -> None:
    with pytest.raises(ProviderError, match="no access token"):
        Grant.of({"access_token": token})


def test_a_grant_shows_no_token() -> None:
    assert "-1" not in repr(Grant("access-1", "refresh-1", 3600.0, "contacts"))
