"""The receiver of the how-to page takes what is delivered, once, and nothing that is forged."""

from __future__ import annotations

import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from hookline.outbox.models import DELIVERED
from tests.unit.delivery.conftest import Connect
from tests.unit.delivery.running import add, all_in, run
from tests.unit.outbox.messages import message

PAGE = Path(__file__).parents[3] / "docs/how-to/verify-our-signatures.md"


@pytest.mark.usefixtures("outbox")
def test_the_receiver_of_the_guide(connect: Connect, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    guide: dict[str, Any] = {"__name__": "guide"}
    exec(re.sub(r"^   ", "", code, flags=re.MULTILINE), guide)
    with ThreadingHTTPServer(("127.0.0.1", 0), guide["Receiver"]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        connect(host=url, password=guide["SECRET"], auth_type="standard_webhooks")
        add(message(), message(1))
        run(all_in(DELIVERED))
        forged = requests.post(url, json={"type": "forged"}, headers={"webhook-id": "msg_1"}, timeout=10)
        server.shutdown()

    assert forged.status_code == 401
    assert capsys.readouterr().out.count("task.completed\n") == 2
