"""``airflow hookline gateway``: the public routes in processes of their own, for the internet side."""

from __future__ import annotations

import os
import resource
import signal
import socket
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline import metrics
from hookline.exceptions import ConfigurationError
from hookline.gateway.certificates import Certificates, Files
from hookline.gateway.protocol import Config
from hookline.gateway.server import Server
from hookline.gateway.workers import STARTUP_FAILURE, Workers, listen
from hookline.server import PREFIX, create_app

log = structlog.get_logger(__name__)

OPEN_FILES = 65_536


@providers_configuration_loaded
def gateway(args: Namespace) -> None:
    """Serve until SIGTERM or SIGINT.

    :raises SystemExit: with a sentence when it cannot begin; 0 after a graceful end.
    """
    _check(args)
    files = _files(args)
    try:
        certificates = Certificates(files) if files else None
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    try:
        # Alone at first: a port that somebody else shares out is somebody else's.
        door = listen(args.host, args.port, shared=False)
    except OSError as error:
        raise SystemExit(f"Cannot listen on {args.host}:{args.port}: {error.strerror or error}.") from None
    host, port = door.getsockname()[:2]
    _raise_open_files()
    log.info("gateway", host=host, port=port, workers=args.workers, tls=certificates is not None)
    if args.workers == 1:
        raise SystemExit(_serve(args, certificates, lambda: door))
    door.close()
    reopen = partial(listen, host, port, shared=True)
    with reopen():  # bound and not listening: it gets no connection, and keeps the port
        work = partial(_serve, args, certificates, reopen, parent=os.getpid())
        raise SystemExit(Workers(args.workers, work, args.shutdown_delay + args.graceful_timeout).run())


def _serve(
    args: Namespace,
    certificates: Certificates | None,
    door: Callable[[], socket.socket],
    parent: int | None = None,
) -> int:
    metrics.initialize()
    try:
        app = create_app(PREFIX, loops=args.loops)
    except ConfigurationError as error:
        log.error("the gateway cannot begin", reason=str(error))  # noqa: TRY400  the sentence says it all
        return STARTUP_FAILURE
    config = Config(
        app,
        head_seconds=args.header_timeout,
        most_connections=args.limit_concurrency,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # [hookline] trusted_proxies says whom to believe
        server_header=False,
        backlog=args.backlog,
        timeout_keep_alive=args.keep_alive,
        timeout_graceful_shutdown=args.graceful_timeout,
        ssl_context_factory=(lambda *_: certificates.context) if certificates else None,
    )
    server = Server(
        config, health=app.state.health, delay=args.shutdown_delay, certificates=certificates, parent=parent
    )
    # uvicorn raises the signal again when it has ended; by then it is history, and the exit code is 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    server.run(sockets=[door()])
    return 0


def _check(args: Namespace) -> None:
    for name, least in {
        "workers": 1,
        "graceful_timeout": 1,
        "shutdown_delay": 0,
        "keep_alive": 1,
        "header_timeout": 1,
        "limit_concurrency": 1,
        "backlog": 1,
    }.items():
        if getattr(args, name) < least:
            raise SystemExit(f"--{name.replace('_', '-')} takes at least {least}.")


def _files(args: Namespace) -> Files | None:
    if not args.ssl_certfile:
        for name in ("ssl_keyfile", "ssl_ca_certs", "ssl_cert_reqs"):
            if getattr(args, name):
                raise SystemExit(f"--{name.replace('_', '-')} needs --ssl-certfile.")
        return None
    clients = args.ssl_cert_reqs or ("optional" if args.ssl_ca_certs else "none")
    if clients != "none" and not args.ssl_ca_certs:
        raise SystemExit(
            "--ssl-cert-reqs needs --ssl-ca-certs: whose client certificates are to be believed?"
        )
    return Files(args.ssl_certfile, args.ssl_keyfile, args.ssl_ca_certs, clients)


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
