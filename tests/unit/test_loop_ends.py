"""A loop that is told to end ends, also when it is woken at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from hookline.loop import Loop


@pytest.mark.parametrize("steps", range(6))
def test_a_loop_that_is_woken_while_it_is_cancelled_ends(steps: int) -> None:
    async def main() -> None:
        loop = Loop("test", lambda: 0, poll=60)
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(0.05)  # it has found nothing, and rests
        loop.wake()
        for _ in range(steps):  # of the event loop, between being woken and being cancelled
            await asyncio.sleep(0)
        running.cancel()

        ended, _ = await asyncio.wait([running], timeout=5)

        assert ended
        assert running.cancelled()

    asyncio.run(main())
