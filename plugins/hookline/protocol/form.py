"""Whether a source has forms for people: the extras ``form`` and ``form_rate_limit``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import guard

if TYPE_CHECKING:
    from limits import RateLimitItem

OPTIONS = frozenset({"form", "form_rate_limit"})
PUBLIC = "public"
INTRANET = "intranet"
RATE = "10/minute"
"""Forms that one client may send, where the source says nothing else."""
OPENED = "240/minute"
"""Pages that one client may open: each path that is new costs a look at the database."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open the forms of a source, and how often one client may open and send them.

    :param kind: ``public`` for anybody, ``intranet`` for whoever is logged in to Airflow.
    """

    kind: str
    rates: tuple[RateLimitItem, ...]
    opened: tuple[RateLimitItem, ...] = ()


def parse(extra: Mapping[str, Any]) -> Access | None:
    """Read the extras of a Connection; None where the source has no forms.

    :raises ConfigurationError: with what is wrong, and what to write.
    """
    kind = extra.get("form")
    if kind is None:
        if "form_rate_limit" in extra:
            raise ConfigurationError("`form_rate_limit` is only read where `form` is public or intranet.")
        return None
    if kind not in (PUBLIC, INTRANET):
        raise ConfigurationError("`form` must be one of public, intranet.")
    rates = guard.rates(extra.get("form_rate_limit", RATE), "`form_rate_limit`")
    return Access(kind, rates, guard.rates(OPENED, "opened"))
