"""What a provider grants (RFC 6749 section 5.1), and when to ask again."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hookline.exceptions import HooklineError

_TOKEN = re.compile(r"[\x21-\x7e]{0,16384}")
MAX_SCOPE_CHARS = 4096
MAX_LIFETIME = 366 * 86_400


class ProviderError(HooklineError):
    """The provider gave no token.

    :param code: the ``error`` of RFC 6749 section 5.2, empty if there was none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @property
    def needs_consent(self) -> bool:
        """Whether the refresh token is of no use any more."""
        return self.code == "invalid_grant"


@dataclass(frozen=True)
class Grant:
    """An access token and what came with it.

    :param lifetime: seconds; None if the provider does not say.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    lifetime: float | None = None
    scope: str = ""

    @classmethod
    def of(cls, answer: Mapping[str, Any], previous: str = "") -> Grant:
        """Read a token answer.

        :param previous: the refresh token so far; it stays valid where the answer has none (section 6).
        :raises ProviderError: the answer has no usable token.
        """
        access, refresh = answer.get("access_token"), answer.get("refresh_token") or previous
        for token in (access, refresh):
            if not isinstance(token, str) or not _TOKEN.fullmatch(token):
                raise ProviderError("the provider's answer has no access token that a header could carry")
        if not access:
            raise ProviderError("the provider's answer has no access token")
        return cls(
            str(access), str(refresh), _lifetime(answer.get("expires_in")), _scope(answer.get("scope"))
        )

    def refresh_at(self, now: datetime) -> datetime | None:
        """Return when to ask for the next one: after about three quarters of the lifetime."""
        if self.lifetime is None:
            return None
        return now + timedelta(seconds=self.lifetime * random.uniform(0.7, 0.75))  # noqa: S311  no secret

    def expires_at(self, now: datetime) -> datetime | None:
        """Return when it ends."""
        return None if self.lifetime is None else now + timedelta(seconds=self.lifetime)


def _lifetime(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if 0 < seconds <= MAX_LIFETIME else None


def _scope(value: object) -> str:
    # It is shown to people and stored: no database takes NUL or half of a surrogate pair.
    scope = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return "".join(character for character in scope[:MAX_SCOPE_CHARS] if character.isprintable())
