"""How senders are set up: every scheme has it, and says where the URL goes and where the secret is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hookline.catalog import set_up
from hookline.protocol import signatures
from hookline.protocol.signatures.registry import SCHEMES


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_says_how_its_sender_is_set_up(name: str) -> None:
    how = set_up.of(name)
    steps = " ".join(how.steps)

    assert how.title
    assert how.documentation.startswith("https://")
    assert len(how.steps) >= 2
    assert re.search(r"\bURL above\b|target the URL above", steps)
    assert re.search(r"secret|password|key|token|ID|knows the URL", steps, re.IGNORECASE)


def test_every_file_belongs_to_a_scheme() -> None:
    folder = Path(signatures.__file__).parent
    files = {file.with_suffix(".py") for file in folder.rglob("*.json")}

    assert files == {SCHEMES.file(name) for name in SCHEMES}
