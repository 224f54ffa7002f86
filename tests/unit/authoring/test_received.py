"""Large data and files of a run: read when asked for, checked, and only where the server put them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hookline.authoring import Event, ReceivedFile, require_event
from hookline.exceptions import StoredDataLost
from tests.unit.authoring.contexts import context

GUIDE = Path(__file__).parents[3] / "docs/how-to/receive-files-and-other-formats.md"
DATA = {"lines": ["a"] * 10}


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of events, below what the worker's settings name."""
    monkeypatch.setenv("AIRFLOW__HOOKLINE__STORAGE_PATH", f"file://{tmp_path}/hookline/")
    folder = tmp_path / "hookline/events/shop"
    folder.mkdir(parents=True)
    return folder


def stored(file: Path, content: bytes) -> dict[str, Any]:
    file.write_bytes(content)
    return {
        "path": f"file://{file}",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content_type": "application/json",
    }


def large(described: dict[str, Any]) -> dict[str, Any]:
    data = {"dataref": described["path"], "size": 1, "sha256": "", "datacontenttype": "application/json"}
    return {"data": data, "hookline": {"dataref": described}}


def test_large_data_is_read_when_it_is_asked_for(storage: Path) -> None:
    described = stored(storage / "a.json", json.dumps(DATA).encode())
    event = Event.from_context(context(large(described)))
    assert event.data == DATA
    (storage / "a.json").unlink()
    assert event.data == DATA  # once


def test_large_data_is_not_read_before() -> None:
    conf = large({"path": "file:///nowhere", "size": 1, "sha256": ""})
    require_event(context(conf))
    assert Event.from_context(context(conf)).id == "manual__1"


@pytest.mark.parametrize("change", [b"x", b""], ids=["longer", "other"])
def test_data_that_was_changed_is_not_believed(storage: Path, change: bytes) -> None:
    described = stored(storage / "a.json", b"[1]")
    (storage / "a.json").write_bytes(b"[1]" + change if change else b"[2]")
    with pytest.raises(StoredDataLost, match="not what was received"):
        _ = Event.from_context(context(large(described))).data


def test_data_that_is_gone_is_an_error_that_says_so(storage: Path) -> None:
    conf = large({"path": f"file://{storage}/gone.json", "size": 1, "sha256": ""})
    with pytest.raises(StoredDataLost, match="not there any more"):
        _ = Event.from_context(context(conf)).data


def test_data_of_a_sender_that_looks_like_a_reference_is_not_followed(storage: Path) -> None:
    described = stored(storage / "a.json", b"[1]")
    data = {"dataref": described["path"], "size": 3, "sha256": described["sha256"], "path": described["path"]}
    for hookline in ({}, {"headers": {}}, {"dataref": described["path"]}):
        conf = {"data": data, "hookline": hookline}
        assert Event.from_context(context(conf)).data == data


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hostname",
        "file:///etc/hostname",
        "file://{0}/../../../secret",
        "{0}/secret",
        "s3://other/events/a",
    ],
)
def test_nothing_outside_the_events_folder_is_read(storage: Path, path: str) -> None:
    # Whoever may start a run could write such a conf.
    described = {"path": path.format(storage), "size": 1, "sha256": ""}
    with pytest.raises(StoredDataLost, match=r"not below \[hookline\] storage_path"):
        _ = Event.from_context(context(large(described))).data
    file = ReceivedFile("a", "b", 1, "", path.format(storage))
    with pytest.raises(StoredDataLost, match=r"not below \[hookline\] storage_path"):
        file.open()


def test_a_worker_without_storage_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__STORAGE_PATH", "")
    with pytest.raises(StoredDataLost, match="set it as on the api-server"):
        ReceivedFile("a", "b", 1, "", "/events/a").open()


def test_files_can_be_read(storage: Path) -> None:
    described = stored(storage / "a.pdf", b"%PDF") | {"name": "a.pdf", "field": "doc"}
    [file] = Event.from_context(context({"data": {}, "hookline": {"files": [described]}})).files
    assert (file.name, file.field, file.size) == ("a.pdf", "doc", 4)
    with file.open() as stream:
        assert stream.read() == b"%PDF"


def test_a_file_that_is_gone_is_an_error_that_says_so(storage: Path) -> None:
    with pytest.raises(StoredDataLost, match="not there any more"):
        ReceivedFile("a", "b", 1, "", f"file://{storage}/gone").open()


def test_the_dag_of_the_guide_reads_files(storage: Path) -> None:
    snippet = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(snippet.replace("\napplication()\n", "\nbuilt = application()\n"), names)
    described = stored(storage / "a.pdf", b"%PDF") | {"name": "cv.pdf", "field": "doc"}
    run = context({"data": {"name": "Ada"}, "hookline": {"files": [described]}})
    keep = names["built"].get_task("keep")
    assert keep.python_callable(**run) == {"applicant": "Ada", "sizes": {"cv.pdf": 4}}
