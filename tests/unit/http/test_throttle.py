"""One rate for all processes, in a folder that nobody else can touch."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hookline.exceptions import ConfigurationError
from hookline.http import throttle
from hookline.protocol.rate import Rate

TAKE = """
import sys
from hookline.http.throttle import reserve
from hookline.protocol.rate import Rate
sys.stdin.read(1)
print(*[reserve("crm", Rate(10, 60), folder=sys.argv[1]) for _ in range(20)])
"""


def test_processes_share_a_rate(tmp_path: Path) -> None:
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for _ in range(2)
    ]
    for taker in takers:
        assert taker.stdin
        taker.stdin.write("x")
        taker.stdin.flush()
    waits = sorted(float(wait) for taker in takers for wait in taker.communicate(timeout=30)[0].split())

    assert [wait for wait in waits if wait == 0] == [0.0] * 10
    # Each turn of the 30 that have to wait is 6 s after the one before.
    assert waits[10:] == pytest.approx([6.0 * number for number in range(1, 31)], abs=3)


def test_names_and_rates_have_turns_of_their_own(tmp_path: Path) -> None:
    for name, rate in (("crm", Rate(1, 60)), ("erp", Rate(1, 60)), ("crm", Rate(1, 3600))):
        assert throttle.reserve(name, rate, folder=str(tmp_path)) == 0
    assert throttle.reserve("crm", Rate(1, 60), folder=str(tmp_path)) > 50


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 8, b"x" * 100])
def test_a_file_of_nonsense_begins_anew(tmp_path: Path, content: bytes) -> None:
    throttle.reserve("crm", Rate(1, 60), folder=str(tmp_path))
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    if content != b"x" * 100:
        assert throttle.reserve("crm", Rate(1, 60), folder=str(tmp_path)) == 0
    assert throttle.reserve("crm", Rate(1, 60), folder=str(tmp_path)) >= 0


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The place of the folder of this user, which is not there yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    throttle.reserve("crm", Rate(1, 60))
    (folder,) = tmp_path.iterdir()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return folder


def test_the_folder_is_this_user_s_alone(own: Path) -> None:
    throttle.reserve("crm", Rate(1, 60))

    assert own.stat().st_mode & 0o777 == 0o700
    (file,) = own.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_can_write_is_refused(own: Path) -> None:
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(ConfigurationError, match="is not this user's alone"):
        throttle.reserve("crm", Rate(1, 60))


@pytest.mark.parametrize("there", [True, False], ids=["to a folder", "to nothing"])
def test_a_link_is_refused(own: Path, tmp_path: Path, there: bool) -> None:
    other = tmp_path / "other"
    if there:
        other.mkdir(mode=0o700)
    own.symlink_to(other)
    with pytest.raises(ConfigurationError, match="is not this user's alone"):
        throttle.reserve("crm", Rate(1, 60))


def test_a_file_in_its_place_is_refused(own: Path) -> None:
    own.write_text("")
    with pytest.raises(ConfigurationError, match="is not this user's alone"):
        throttle.reserve("crm", Rate(1, 60))


def test_a_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    folder.mkdir()
    throttle.reserve("crm", Rate(1, 60), folder=str(folder))
    (file,) = folder.iterdir()
    file.unlink()
    secret.write_text("untouched")
    file.symlink_to(secret)

    with pytest.raises(ConfigurationError, match="cannot be used"):
        throttle.reserve("crm", Rate(1, 60), folder=str(folder))
    assert secret.read_text() == "untouched"


def test_a_shared_folder_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such folder here"):
        throttle.reserve("crm", Rate(1, 60), folder=str(tmp_path / "gone"))
