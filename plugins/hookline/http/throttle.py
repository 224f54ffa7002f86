"""One rate for all processes of a machine: the state of each Connection is a number in a small file.

Several machines keep one rate together only if ``[hookline] throttle_path`` is a folder that they share and
whose file system knows locks; otherwise each keeps its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import os
import stat
import struct
import tempfile
import time
from pathlib import Path

from hookline.exceptions import ConfigurationError
from hookline.protocol.rate import Rate, take

_STATE = struct.Struct("<d")


def reserve(name: str, rate: Rate, *, folder: str | None = None, patience: float = math.inf) -> float:
    """Take the next turn of ``name``, unless it is further away than ``patience``.

    :param name: of the Connection.
    :param patience: seconds.
    :param folder: where the files are; by default one of this user's own below the temporary folder.
    :return: seconds until the turn.
    :raises ConfigurationError: the folder cannot be used.
    """
    place = _shared(folder) if folder else _own()
    file = place / hashlib.sha256(f"{name} {rate}".encode()).hexdigest()[:32]
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"the rate's file below {place} cannot be used: {error.strerror}") from None
    with os.fdopen(descriptor, "r+b", buffering=0) as state:
        fcntl.flock(state, fcntl.LOCK_EX)  # given back when the file is closed, also by a crash
        kept = state.read(_STATE.size)
        full_at = _STATE.unpack(kept)[0] if len(kept) == _STATE.size else 0.0
        full_at, seconds = take(full_at, time.time(), rate)
        if seconds <= patience:
            os.pwrite(state.fileno(), _STATE.pack(full_at), 0)
    return seconds


def _shared(folder: str) -> Path:
    place = Path(folder)
    if not place.is_dir():
        raise ConfigurationError(f"[hookline] throttle_path is {folder}, and there is no such folder here")
    return place


def _own() -> Path:
    place = Path(tempfile.gettempdir()) / f"hookline-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    # Somebody else may have made it first, to read or to stop what we do.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigurationError(
            f"{place} is not this user's alone; remove it, or set [hookline] throttle_path to another folder"
        )
    return place
