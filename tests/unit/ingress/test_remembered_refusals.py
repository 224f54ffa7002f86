"""What is remembered of a stranger's request."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from hookline.ingress.sources import Sources
from hookline.protocol.problem import Rejected


class Request:
    """Stands for what a request holds in memory."""


def test_a_refusal_that_is_remembered_does_not_keep_its_request_alive() -> None:
    async def ask(sources: Sources, request: Request) -> None:
        with pytest.raises(Rejected):
            await sources.get("nobody")
        assert request is not None

    async def main() -> None:
        sources = Sources(lambda _name: None, ttl=60)
        request = Request()
        kept = weakref.ref(request)
        await ask(sources, request)
        await ask(sources, request)
        del request
        gc.collect()
        assert kept() is None
        sources.close()

    asyncio.run(main())
