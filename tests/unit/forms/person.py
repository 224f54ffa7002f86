"""Somebody with a browser: keeps cookies, reads pages, fills forms in."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx

HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
RECEIPT = re.compile(r"<dt>Receipt</dt><dd>([^<]*)</dd>")
LISTED = re.compile(r'<li>(?:<a href="[^"]*">)?([^<]*)')


class Person:
    """Opens and sends forms.

    :param port: of the server.
    :param address: the client address that a trusted proxy tells.
    """

    def __init__(self, port: int, address: str = "") -> None:
        headers = {"X-Forwarded-For": address} if address else {}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}/hooks/forms", headers=headers, timeout=30)
        self.token = ""

    def close(self) -> None:
        """Close the browser."""
        self.http.close()

    def open(self, path: str) -> httpx.Response:
        """Open a form, and remember its token."""
        answer = self.http.get(f"/{path}")
        self.token = hidden(answer).get("_token", "")
        return answer

    def send(self, path: str, fields: dict[str, Any], **more: Any) -> httpx.Response:
        """Send what was opened last."""
        return self.http.post(f"/{path}", data={"_token": self.token, "website": "", **fields}, **more)


def hidden(answer: httpx.Response) -> dict[str, str]:
    """Return the fields of a page that nobody sees."""
    return {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(answer.text)}


def receipt(answer: httpx.Response) -> str | None:
    """Return the event id on a receipt."""
    found = RECEIPT.search(answer.text)
    return found[1] if found else None


def listed(answer: httpx.Response) -> list[str]:
    """Return what the summary of a page lists."""
    return [html.unescape(text) for text in LISTED.findall(answer.text)]
