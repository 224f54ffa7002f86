"""JMESPath as people write it, and as nobody may."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression


@pytest.mark.parametrize(
    "text",
    [
        "data.step.result.total > `100`",
        "{order: a.b, text: join(' ', ['Shipped', a.c]), first: sort_by(d, &e)[0].f}",
        "steps[*].{id: id, seconds: duration}",
        "map(&[@, @], list[?ready].name)",
        "to_string([to_string(a)])",
    ],
)
def test_what_people_write_is_accepted(text: str) -> None:
    expression.check(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lenght(a) > `1`", "no function `lenght`; it has abs, avg"),
        ("a[?starts_wiht(b, 'x')].c", "no function `starts_wiht`"),
        ("a.", "is not JMESPath"),
        ("[" * 300, "is not JMESPath"),
        ("|".join(["[@,@]"] * 20), "more than 1000 times"),
        ("map(&[@,@], " * 20 + "@" + ")" * 20, "more than 1000 times"),
        ("[*].".join(["[@,@]"] * 20), "more than 1000 times"),
        ("to_string([" * 20 + "@" + "])" * 20, "more than 1000 times"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        expression.check(text)


@pytest.mark.parametrize(
    ("text", "data", "found"),
    [
        ("join(', ', a[].b)", {"a": [{"b": "x"}, {"b": "y"}]}, "x, y"),
        ("join(a, b)", {"a": "x" * 1_000_000, "b": ["y"] * 100}, None),
        ("length(a)", {"a": 1}, None),
    ],
    ids=["joined", "too long to be joined", "a function that does not fit"],
)
def test_what_is_found(text: str, data: Any, found: Any) -> None:
    assert expression.search(text, data) == found
