"""What proxies say about a request, and how much of it counts."""

from __future__ import annotations

import json
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol import networks
from hookline.protocol.forwarded import Origin, origin

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "forwarded.json").read_text())
PROXY = ip_address("10.0.0.1")
TRUSTED = networks.parse("10.0.0.0/8", "trusted_proxies")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_origin_of_a_request(case: dict[str, Any]) -> None:
    fields = [(name.encode(), value.encode("latin-1")) for name, value in case["fields"]]

    expected = Origin(
        client=ip_address(case["client"]) if case["client"] else None,
        scheme=case.get("scheme"),
        host=case.get("host"),
    )
    assert origin(fields, PROXY, TRUSTED) == expected


@given(st.lists(st.tuples(st.sampled_from([b"x-forwarded-for", b"forwarded"]), st.binary(max_size=60))))
def test_garbage_names_nobody_or_somebody_and_never_fails(fields: list[tuple[bytes, bytes]]) -> None:
    found = origin(fields, PROXY, TRUSTED)

    assert found.client is None or ip_address(str(found.client)) == found.client


@pytest.mark.parametrize(
    "value",
    [b"10.0.0.1," * 7000, b"for=" + b'"\\' * 30_000, b"for=10.0.0.1;a=" * 4000, b" " * 60_000 + b"x"],
    ids=["proxies", "escapes", "parameters", "white space"],
)
@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded"])
def test_a_long_header_is_read_quickly(name: bytes, value: bytes) -> None:
    start = time.process_time()
    origin([(name, value)], PROXY, TRUSTED)

    assert time.process_time() - start < 0.2


def test_more_hops_than_anybody_has_name_nobody() -> None:
    assert origin([(b"x-forwarded-for", b",".join([b"10.0.0.2"] * 40))], PROXY, TRUSTED).client is None
