"""``GET /hooks/oauth/callback``: where the provider sends the browser back to (RFC 6749 section 4.1.2)."""

from __future__ import annotations

import asyncio
import html

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse

from hookline.connections import BackendUnavailable
from hookline.tokens import consent

AT_ONCE = 4
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body{{font:1rem/1.5 system-ui;max-width:36rem;margin:20vh auto;padding:0 1rem}}</style>
<h1>{title}</h1><p>{text}</p></html>
"""


class Callback:
    """Ends consents; a few at a time, since each one calls the provider."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: Request) -> HTMLResponse:
        """Answer with a page for the person who consented."""
        query = request.query_params
        try:
            async with asyncio.timeout(5):
                await self._free.acquire()
        except TimeoutError:
            return _page(503, "Try again", "Too many people are connecting at the same time.")
        try:
            conn_id = await asyncio.to_thread(
                consent.end, query.get("state"), query.get("code"), query.get("error")
            )
        except consent.ConsentRefused as refused:
            return _page(400, "Not connected", str(refused))
        except (BackendUnavailable, SQLAlchemyError):
            return _page(
                503, "Not connected", "A database or secrets backend does not answer. Start again later."
            )
        finally:
            self._free.release()
        return _page(200, "Connected", f"{conn_id} is connected. You can close this window.")


def _page(status: int, title: str, text: str) -> HTMLResponse:
    content = PAGE.format(title=html.escape(title), text=html.escape(text))
    return HTMLResponse(content, status_code=status, headers=HEADERS)
