"""The ledger of the chaos test sees what it is there to see."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.chaos.ledger import difference


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["a", "b"], []),
        (["a"], ["1 runs missing: ['b']"]),
        (["a", "b", "c"], ["1 runs of nothing: ['c']"]),
        (["a", "b", "b"], ["1 runs more than once: ['b']"]),
        (
            ["c", "c"],
            ["2 runs missing: ['a', 'b']", "1 runs of nothing: ['c']", "1 runs more than once: ['c']"],
        ),
    ],
    ids=["all", "lost", "invented", "twice", "everything"],
)
def test_what_is_wrong(found: list[str], expected: list[str]) -> None:
    assert list(difference("runs", {"a", "b"}, Counter(found))) == expected
