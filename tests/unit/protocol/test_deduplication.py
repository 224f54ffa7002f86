"""One delivery, one event, one run."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol.deduplication import event_id, run_id

RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]{1,250}\Z")  # [scheduler] allowed_run_id_pattern
DELIVERY = st.text(max_size=300).filter(bool) | st.sampled_from(
    [
        "a",
        "a__b",
        "_a",
        "sha256-",
        "..",
        "a..b",
        "a" * 251,
        "\0",
        "\ud800",
        "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    ]
)
SOURCE = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,99}", fullmatch=True) | st.sampled_from(
    ["a", "a_", "a__b", "a__", "sha256-"]
)


@pytest.mark.parametrize(
    ("source", "event", "expected"),
    [
        (
            "github",
            "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "webhook__github__72d3162e-cc78-11e3-81ab-4c9367dc0958",
        ),
        ("shop", "order:17+1~a.b", "webhook__shop__order:17+1~a.b"),
        ("shop", "_17", "webhook__shop___17"),
        ("my_shop", "17", "webhook__my_shop__17"),
    ],
)
def test_a_run_id_is_readable(source: str, event: str, expected: str) -> None:
    assert run_id(source, event) == expected


@pytest.mark.parametrize(
    "event",
    ["a b", "a/b", "a..b", "é", "a" * 240, "a\n", "100%"],
    ids=["space", "slash", "dots", "not ASCII", "long", "line end", "percent"],
)
def test_what_airflow_refuses_in_a_run_id_is_replaced_by_its_digest(event: str) -> None:
    assert re.fullmatch(r"webhook__shop__sha256-[0-9a-f]{64}", run_id("shop", event))


@pytest.mark.parametrize("delivery", ["17", "order 17", "é", "a" * 250, "a/b", "..", " "])
def test_the_sender_s_delivery_id_is_the_event_s(delivery: str) -> None:
    assert event_id(delivery) == delivery


@pytest.mark.parametrize("delivery", ["a" * 251, "a\0b", "a\nb", "\ud800", "sha256-ab"])
def test_an_id_that_cannot_be_stored_or_printed_is_replaced_by_its_digest(delivery: str) -> None:
    assert re.fullmatch(r"sha256-[0-9a-f]{64}", event_id(delivery))


def test_a_delivery_without_an_id_is_a_new_event_each_time() -> None:
    one, other = event_id(None), event_id(None)
    assert one != other
    assert UUID(one).version == 7


@given(source=SOURCE, delivery=DELIVERY)
def test_a_run_id_is_one_that_airflow_takes(source: str, delivery: str) -> None:
    made = run_id(source, event_id(delivery))
    assert RUN_ID.match(made)
    assert ".." not in made


@given(source=SOURCE, delivery=DELIVERY)
def test_the_same_delivery_gives_the_same_run_id(source: str, delivery: str) -> None:
    assert run_id(source, event_id(delivery)) == run_id(source, event_id(delivery))


@given(source=SOURCE, one=DELIVERY, other=DELIVERY)
def test_two_deliveries_of_a_source_never_share_a_run_id(source: str, one: str, other: str) -> None:
    made = {run_id(source, event_id(one)), run_id(source, event_id(other))}
    assert len(made) == len({one, other})


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b__c"), ("a__b", "c")), (("a", "_b"), ("a_", "b")), (("a", "_"), ("a_", "_"))],
)
def test_two_sources_that_feed_one_dag_never_share_a_run_id(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert run_id(*one) != run_id(*other)


@given(one=st.tuples(SOURCE, DELIVERY), other=st.tuples(SOURCE, DELIVERY))
def test_no_two_events_share_a_run_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    made = {run_id(source, event_id(delivery)) for source, delivery in (one, other)}
    assert len(made) == len({one, other})
