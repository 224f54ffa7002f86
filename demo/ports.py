"""Loopback TCP ports."""

from __future__ import annotations

import random
import socket

from demo.errors import DemoError

LOOPBACK = "127.0.0.1"
# Below the range systems take the ports of outgoing connections from (32768 and up, or 49152 and up). A
# client that keeps connecting to a server which is being restarted could otherwise be given the server's own
# port as its source, connect to itself, and keep the server from coming back.
CANDIDATES = range(20000, 32000)


def is_free(port: int) -> bool:
    """Tell whether a server could listen on ``port`` of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        # Some systems let a specific address be bound beside a listener on all addresses.
        if client.connect_ex((LOOPBACK, port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        # As servers do, so that connections still closing from an earlier one do not count.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port nobody listens on.

    Raises:
        DemoError: a hundred tries found none.
    """
    for _ in range(100):
        port = random.choice(CANDIDATES)  # noqa: S311  no secret
        if is_free(port):
            return port
    raise DemoError("Found no free TCP port on 127.0.0.1. End programs that listen there, then try again.")


def require_free(port: int) -> None:
    """Insist on ``port``.

    Raises:
        DemoError: it is not a port, this user may not listen on it, or a program does.
    """
    if not 0 < port < 65536:
        raise DemoError(f"{port} is not a TCP port. Choose one from 1024 to 65535: make demo PORT=8081")
    if not is_free(port):
        raise DemoError(
            f"Port {port} is not available on this machine. Stop the program that listens there, or choose "
            f"another port: make demo PORT={free_port()}"
        )
