"""Ports: a busy one is told before anything is started."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.ports import free_port, is_free, require_free
from demo.stack import Stack


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"], ids=["loopback", "all addresses"])
def busy(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port a program listens on."""
    with socket.create_server((request.param, 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_is_told_with_a_way_out(busy: int) -> None:
    with pytest.raises(DemoError, match=rf"Port {busy} is not available.*: make demo PORT=\d+$"):
        require_free(busy)


def test_a_stack_on_a_busy_port_starts_nothing(busy: int, tmp_path: Path) -> None:
    stack = Stack(tmp_path, port=busy)
    with pytest.raises(DemoError, match=f"Port {busy} is not available"):
        stack.start()
    assert not stack.components


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(DemoError, match="not a TCP port"):
        require_free(port)


def test_a_free_port_is_none_that_outgoing_connections_get() -> None:
    assert free_port() < 32768


def test_connections_that_are_closing_do_not_make_a_port_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            pass
    assert is_free(port)


def test_an_unknown_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"no database 'oracle'\. Choose postgres or sqlite"):
        Stack(tmp_path, database="oracle")  # type: ignore[arg-type]
