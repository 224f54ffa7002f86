"""The load of the benchmark beside others: who was answered before SIGKILL, whose body has whose id."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.apparatus.numbered import ID, SECRET, Load, Request, run
from benchmarks.apparatus.peers import report
from demo.ports import free_port
from demo.rest import request as ask
from demo.stack import REPOSITORY

REQUEST = Request("http://127.0.0.1/", json.dumps({"id": ID}), signed=True)


def test_a_request_has_its_id_in_its_signed_body_and_in_its_fields() -> None:
    body, fields = REQUEST.with_id("1" * len(ID))

    assert json.loads(body) == {"id": "1" * len(ID)}
    assert fields["X-Delivery-Id"] == "1" * len(ID)
    assert fields["X-Signature"] == hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def test_the_load_ends_with_the_kill_and_knows_who_was_answered(tmp_path: Path) -> None:
    ledger, port = tmp_path / "ledger", free_port()
    command = [sys.executable, "-m", "benchmarks.apparatus.slow", str(port), "0", str(ledger)]
    request = Request(f"http://127.0.0.1:{port}/path", REQUEST.body)
    with subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True) as receiver:
        while ask("GET", request.url).status != 200:
            assert receiver.poll() is None

        measured, answered = run(Load(request, 8, 20.0, str(tmp_path / "answered"), 200, [receiver.pid]))

        assert receiver.wait(5) == -9
    # Those of the other clients may have been on their way.
    assert 200 <= len(answered) <= 208
    assert {len(one) for one in answered} == {len(ID)}
    assert len(answered) < len(ledger.read_text().splitlines())
    assert measured["seconds"] < 20
    assert measured["cut"] == 8


def test_the_page_has_the_marks_between_which_the_figures_go(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text((REPOSITORY / "docs" / "benchmarks.md").read_text())
    for text in ("first\n", "second\n"):
        report.write(page, text)

    assert f"{report.BEGIN}\nsecond\n\n{report.END}" in page.read_text()
    assert "first\n\n" not in page.read_text()
