"""Every Connection that a page exports can be used as it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from hookline.http.connection import target_of
from hookline.protocol.source import parse

ROOT = Path(__file__).parents[2]
EXPORT = re.compile(r"^ *export AIRFLOW_CONN_(\w+)='(.*?)'$", re.DOTALL | re.MULTILINE)
EXPORTED = [
    pytest.param(name.lower(), json.loads(fields), id=f"{page.stem}-{name.lower()}")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for name, fields in EXPORT.findall(page.read_text())
]
NOTHING = dict.fromkeys(("host", "schema", "port", "login", "password"))


def test_they_are_found() -> None:
    assert len(EXPORTED) == sum(
        page.read_text().count("export AIRFLOW_CONN_")
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    )


@pytest.mark.parametrize(("name", "fields"), EXPORTED)
def test_it_can_be_used(name: str, fields: dict[str, object]) -> None:
    connection = SimpleNamespace(**{**NOTHING, **fields, "extra": json.dumps(fields["extra"])})

    if connection.conn_type == "webhook":
        assert parse(name, connection.login, connection.password, fields["extra"]).name == name
    else:
        target_of(name, connection, "")
