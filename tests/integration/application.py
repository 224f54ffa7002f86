"""What the integration tests serve."""

from __future__ import annotations

from fastapi import FastAPI

from hookline.server import PREFIX, create_app


def make() -> FastAPI:
    return create_app(PREFIX)
