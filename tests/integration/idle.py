"""Run the application's lifespan with nothing to do and print how many statements reach the database."""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import Engine, event

from hookline.server import create_app

SETTLE = 1.0


async def count(seconds: float) -> int:
    statements = 0

    def counted(*_: object) -> None:
        nonlocal statements
        statements += 1

    app = create_app()
    async with app.router.lifespan_context(app):
        await asyncio.sleep(SETTLE)
        for name in ("before_cursor_execute", "commit", "rollback"):
            event.listen(Engine, name, counted)
        await asyncio.sleep(seconds)
        return statements


if __name__ == "__main__":
    print(asyncio.run(count(float(sys.argv[1]))))
