"""The gateway's TLS: certificate files that are read again when they change."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from hookline.exceptions import ConfigurationError

log = structlog.get_logger(__name__)

REQUIREMENTS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}

State = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """Where the certificate, its key and the clients' authorities lie, as PEM.

    :param key: None when the key is in the same file.
    :param authorities: whose client certificates are believed; None when none are asked for.
    :param clients: ``none``, ``optional`` or ``required``.
    """

    certificate: str
    key: str | None = None
    authorities: str | None = None
    clients: str = "none"

    def context(self) -> Context:
        """Read the files.

        :raises OSError, ssl.SSLError: they are missing, no PEM, or do not belong together.
        """
        made = Context(ssl.PROTOCOL_TLS_SERVER)
        # An encrypted key would have OpenSSL ask the terminal.
        made.load_cert_chain(self.certificate, self.key, password=_no_password)
        if self.authorities is not None:
            made.load_verify_locations(self.authorities)
        made.verify_mode = REQUIREMENTS[self.clients]
        if made.verify_mode is not ssl.CERT_NONE:
            # Tickets are out of our hands; sessions that OpenSSL keeps (TLS 1.2) have their time.
            made.options |= ssl.OP_NO_TICKET
            made.num_tickets = 0
        return made

    def state(self) -> State:
        """Return what changes when a file does."""
        return tuple(_state(path) for path in (self.certificate, self.key, self.authorities) if path)


class Context(ssl.SSLContext):
    """Knows since when its authorities are the ones that are believed, as a time of :func:`time.time`."""

    since = 0.0

    def trusts(self, connection: ssl.SSLObject) -> bool:
        """Tell whether these authorities were asked; a resumed session is verified by nobody."""
        session = connection.session
        return not connection.session_reused or session is None or session.time > self.since


class Certificates:
    """The context that is listened with, and the newest one, which each handshake changes over to.

    :raises ConfigurationError: the files cannot be used.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._state = files.state()
        try:
            self.context = files.context()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise ConfigurationError(f"The certificate cannot be used: {_sentence(error)}") from None
        self._newest = self.context
        # Called for each handshake, also of a client that names no server (OpenSSL's servername callback).
        self.context.sni_callback = self._change_over

    def refresh(self) -> None:
        """Read the files again if they changed; what cannot be used leaves the old ones in use."""
        before, state = self._state, self._files.state()
        if state == before:
            return
        self._state = state
        try:
            newest = self._files.context()
        except (OSError, ValueError) as error:
            log.warning("the new certificate cannot be used; the old one stays", reason=_sentence(error))
        else:
            newest.since = time.time() if state[1:] != before[1:] else self._newest.since
            self._newest = newest
            log.info("the certificate was read again", file=self._files.certificate)

    def _change_over(self, connection: ssl.SSLObject, _server_name: str | None, _listening: object) -> None:
        connection.context = self._newest


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _no_password() -> str:
    raise ValueError("the key is encrypted; write one that needs no password, readable for the gateway only")


def _sentence(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
