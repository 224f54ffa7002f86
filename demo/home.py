"""The folder a stack lives in, and the secrets its processes share."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import shutil
import time
from pathlib import Path

from demo.errors import DemoError

LOCK = "lock"
# The processes of a stack that was killed end within seconds; they hold the lock until then.
PATIENCE = 20.0


class Home:
    """A folder that belongs to one running stack at a time.

    The lock is held by the stack's process and by the supervisor of each component, so that it is free
    exactly when the last process is gone, however the stack ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What every supervisor keeps open to hold the lock."""
        return () if self._lock is None else (self._lock,)

    def acquire(self) -> None:
        """Take the folder, making it if need be.

        Raises:
            DemoError: another stack runs in it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait_for(lock)
        except BaseException:
            os.close(lock)
            raise
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock

    def _wait_for(self, lock: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(lock, 20, 0).decode() or "unknown"
                if time.monotonic() > deadline or _is_running(owner):
                    raise DemoError(
                        f"Process {owner} already runs a stack in {self.path}. "
                        "End it with Ctrl-C in its terminal, then try again."
                    ) from None
            time.sleep(0.1)

    def release(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def clear(self) -> None:
        """Remove what an earlier stack left in the folder."""
        for entry in self.path.iterdir():
            if entry.name == LOCK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def write_private(self, name: str, text: str) -> Path:
        """Write a new file that only its owner can read; return its path."""
        path = self.path / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        return path


def new_secrets() -> dict[str, str]:
    """Make secrets for the processes of a stack to share.

    Keys: ``fernet_key`` (32 bytes in URL-safe base64, as ``cryptography.fernet`` wants it), ``secret_key``,
    ``jwt_secret``, ``database_password``, ``admin_password``.
    """
    return {
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "secret_key": secrets.token_urlsafe(32),
        # Shorter than the hash would be weaker than HMAC-SHA-512 itself (RFC 7518, section 3.2).
        "jwt_secret": secrets.token_urlsafe(64),
        "database_password": secrets.token_urlsafe(24),
        "admin_password": secrets.token_urlsafe(12),
    }


def _is_running(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
