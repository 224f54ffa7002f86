"""The worker's lane: a call carried out by requests and by sleeping."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hookline.exceptions import TryLater
from hookline.hooks import token
from hookline.http import throttle

if TYPE_CHECKING:
    from hookline.http.flow import Progress, Renew, Reserve, Send, Wait
    from hookline.http.response import Received
    from hookline.http.target import Target
    from hookline.http.transport import Transport


class Later(Exception):
    """The call goes on in ``seconds``; whoever made it decides where the time passes.

    :param progress: where to go on.
    """

    def __init__(self, seconds: float, reason: str, progress: Progress) -> None:
        super().__init__(f"{reason}: goes on in {seconds:.0f} s")
        self.seconds = seconds
        self.progress = progress


class WorkerLane:
    """Carries out the steps of one call.

    :param name: of the Connection, or of the server where there is none.
    :param patience: longest sleep, in seconds.
    :param resumes: for a longer one :class:`Later` is raised, and who made the call goes on with it; without
        it :class:`~hookline.exceptions.TryLater`, and the turn under the rate is left to others.
    """

    def __init__(
        self, name: str, target: Target, transport: Transport, log: Any, patience: float, *, resumes: bool
    ) -> None:
        self._name = name
        self.target = target
        self._transport = transport
        self._log = log
        self._patience = patience
        self._resumes = resumes
        self.received: Received | None = None
        warn(log, name, target)

    def send(self, step: Send) -> Received:
        """Send the request and log one line."""
        started = time.monotonic()
        received = self._transport.send(step.request, step.target, step.save)
        log_line(self._log, step, received, time.monotonic() - started)
        self.received = received
        return received

    def reserve(self, step: Reserve) -> float:
        """Take a turn among all processes of this machine."""
        self.received = None
        patience = math.inf if self._resumes else self._patience
        return throttle.reserve(self._name, step.rate, folder=throttle_folder(), patience=patience)

    def renew(self, step: Renew) -> Target:
        """Wait for the server to get another token."""
        renewed = token.fresh(self._name, step.rejected)
        self.target = replace(self.target, access_token=renewed.value)
        return self.target

    def wait(self, step: Wait) -> None:
        """Sleep, or leave the waiting to who can do better."""
        if step.seconds > self._patience:
            if self._resumes:
                raise Later(step.seconds, step.reason, step.progress)
            status = None if self.received is None else self.received.status
            raise TryLater(f"{step.reason}: try again in {step.seconds:.0f} s", step.seconds, status)
        self._log.info("%s; goes on in %.1f s", step.reason, step.seconds)
        time.sleep(step.seconds)


def warn(log: Any, name: str, target: Target) -> None:
    """Write what is dangerous about a Connection."""
    if target.verify is False and target.origin.scheme == "https":
        log.warning("TLS certificates are not verified: extra `verify` of %s", name)


def log_line(log: Any, step: Send, received: Received, seconds: float) -> None:
    """Write what was called and what came back, without query, headers and bodies."""
    log.info("%s -> %d in %.2f s, %d bytes", step.request, received.status, seconds, received.size)


def throttle_folder() -> str | None:
    """Return ``[hookline] throttle_path``, None for the default."""
    from airflow.sdk.configuration import conf

    return conf.get("hookline", "throttle_path", fallback="") or None
