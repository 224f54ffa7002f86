"""The pytest plugin: its fixtures load Hookline when a test asks for one, and nothing before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hookline.testing import Receiver, Sender


@pytest.fixture
def hookline_sender() -> Callable[..., Sender]:
    """Make senders: ``hookline_sender("github", auth_type="github")``."""
    from hookline.testing import Sender

    def make(name: str, **options: Any) -> Sender:
        return Sender(name, **options)

    return make


@pytest.fixture
def hookline_receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Receiver]]:
    """Make receivers and the Connections that reach them: ``hookline_receiver("chat", "bearer")``."""
    from hookline.testing import Receiver

    with ExitStack() as running:

        def make(conn_id: str, auth_type: str = "none", **options: Any) -> Receiver:
            receiver = running.enter_context(Receiver(auth_type, **options))
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", receiver.connection())
            return receiver

        yield make
