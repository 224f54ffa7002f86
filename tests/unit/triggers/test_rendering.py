"""What turns out to need a worker when the templates are rendered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hookline.triggers.rendering import NeedsWorker, rendered


def render(place: str) -> dict[str, Any]:
    given = {"templates": ["save_to"], "native": False, "save_to": "{{ place }}"}
    return rendered(given, {"ti": SimpleNamespace(), "place": place}, None)


@pytest.mark.parametrize("place", ["/data/x", "data/x", "file:///data/x", "FILE:///x", "local://x"])
def test_saving_to_a_disk_needs_a_worker(place: str) -> None:
    with pytest.raises(NeedsWorker, match="it saves to the worker's disk"):
        render(place)


@pytest.mark.parametrize("place", ["s3://bucket/x", "gs://bucket/x", "s3://conn@bucket/x", ""])
def test_saving_elsewhere_needs_none(place: str) -> None:
    assert render(place)["save_to"] == place
