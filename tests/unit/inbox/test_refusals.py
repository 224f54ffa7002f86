"""The table of refusals keeps the newest of each source."""

from __future__ import annotations

from datetime import UTC, datetime

from hookline.database import engine
from hookline.inbox.refusals import Refused, keep, recent

MOST = 3


def refused(source: str, reason: str) -> Refused:
    return Refused(source, datetime.now(UTC), "malformed", 400, reason, "127.0.0.1", "{}")


def test_a_source_keeps_its_newest(inbox: str) -> None:
    for number in range(5):
        with engine().begin() as connection:
            keep(
                connection,
                [refused("shop", f"reason {number}"), refused("other", "the only one")][: 2 - bool(number)],
                MOST,
            )

    with engine().connect() as connection:
        of_shop = [row.reason for row in recent(connection, "shop", 10)]
        of_other = [row.reason for row in recent(connection, "other", 10)]
        of_all = recent(connection, None, 10)

    assert of_shop == ["reason 4", "reason 3", "reason 2"]
    assert of_other == ["the only one"]
    assert len(of_all) == 4
